/// <reference types="node" preserve="true" />
/**
 * What a frozen model says of texts: its hidden states, kept on disk or computed anew.
 * @module kadapter/features
 */
export { type BackboneHandle, backboneIdentity, openBackbone, readBackboneTensors } from "./backbone-handle.js";
export { defaultCacheFolder } from "./cache-room.js";
export { FeatureCache, type FeatureCacheOptions, type FeatureDType } from "./feature-cache.js";
export { type FeatureSource, type NeededStates, StreamedFeatures, TokenFeatures } from "./feature-sources.js";
export { type FeatureOptions, openFeatures } from "./features.js";
export { type BackbonePrecision, FrozenBackbone, type FrozenBackboneOptions } from "./frozen-backbone.js";
export { padBatch, type TokenBatch, tokenFeeds } from "./token-batch.js";
