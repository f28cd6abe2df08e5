/**
 * SentencePiece's model files (sentencepiece_model.proto) as tokenizer.json's object.
 * @module
 */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { userError } from "../errors.js";
import { Buffer } from "../host/bytes.js";
import type { SpecialNames, TokenizerJson } from "./vocab-files.js";

/** `ModelProto.SentencePiece.Type` */
const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const unigram = 1;

interface Piece {
  readonly piece: string;
  readonly score: number;
  readonly type: number;
}

/** What is read of a model file. */
interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  readonly modelType: number;
  readonly spaceAsSuffix: boolean;
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraSpaces: boolean;
  readonly escapeSpaces: boolean;
}

/** Calls `visit` for each field of a message; what it does not read is skipped. */
function eachField(bytes: Uint8Array, visit: (field: number, reader: BinaryReader, wire: WireType) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!visit(field, reader, wire)) reader.skip(wire, field);
  }
}

function readPiece(bytes: Uint8Array): Piece {
  let piece = "";
  let score = 0;
  let type: number = pieceTypes.normal;
  eachField(bytes, (field, reader, wire) => {
    if (field === 1 && wire === WireType.LengthDelimited) piece = reader.string();
    else if (field === 2 && wire === WireType.Bit32) score = reader.float();
    else if (field === 3 && wire === WireType.Varint) type = reader.int32();
    else return false;
    return true;
  });
  if (piece === "" || !Number.isFinite(score)) throw new Error("a piece without text or score");
  return { piece, score, type };
}

function readModel(bytes: Uint8Array): SentencePieceModel {
  const pieces: Piece[] = [];
  const model = { modelType: unigram as number, spaceAsSuffix: false };
  const normaliser = {
    charsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraSpaces: true,
    escapeSpaces: true,
  };
  eachField(bytes, (field, reader, wire) => {
    if (wire !== WireType.LengthDelimited || field < 1 || field > 3) return false;
    const message = reader.bytes();
    if (field === 1) pieces.push(readPiece(message));
    else if (field === 2) {
      eachField(message, (inner, of, kind) => {
        if (inner === 3 && kind === WireType.Varint) model.modelType = of.int32();
        else if (inner === 24 && kind === WireType.Varint) model.spaceAsSuffix = of.bool();
        else return false;
        return true;
      });
    } else {
      eachField(message, (inner, of, kind) => {
        if (inner === 2 && kind === WireType.LengthDelimited) normaliser.charsmap = of.bytes().slice();
        else if (inner === 3 && kind === WireType.Varint) normaliser.addDummyPrefix = of.bool();
        else if (inner === 4 && kind === WireType.Varint) normaliser.removeExtraSpaces = of.bool();
        else if (inner === 5 && kind === WireType.Varint) normaliser.escapeSpaces = of.bool();
        else return false;
        return true;
      });
    }
    return true;
  });
  return { pieces, ...model, ...normaliser };
}

/** Settings of a model's tokenizer that the file does not hold. */
export interface SentencePieceSettings {
  readonly specials: SpecialNames;
  /** null where nothing says so: ALBERT's is uncased, XLNet's cased. */
  readonly lowercase: boolean | null;
  readonly keepAccents: boolean;
  /** fairseq's numbering (XLM-RoBERTa): its own four special tokens first, `<mask>` last. */
  readonly fairseq: boolean;
}

/**
 * Builds tokenizer.json's object from a Unigram model. XLNet's and ALBERT's tokenizers do more than the file says (white
 * space, quotes, accents, case): they are known by their `<cls>` and `[CLS]`.
 *
 * @throws UserError when the file is damaged or of another kind
 */
export function fromSentencePiece(bytes: Uint8Array, settings: SentencePieceSettings, where: string): TokenizerJson {
  const fail = (what: string) =>
    userError({ where, what, expected: "a SentencePiece model of the type unigram", fix: "take the model's own file" });
  let model: SentencePieceModel;
  try {
    model = readModel(bytes);
  } catch (error) {
    throw fail(`no SentencePiece model, or a damaged one (${error instanceof Error ? error.message : "?"})`);
  }
  if (model.pieces.length === 0) throw fail("no SentencePiece model: it holds no pieces");
  if (model.modelType !== unigram) throw fail(`the model's type is ${model.modelType}, not unigram (1)`);
  if (model.spaceAsSuffix || !model.escapeSpaces) throw fail("spaces at the end of pieces are not supported");
  if (model.pieces.some(({ type }) => type === pieceTypes.byte)) throw fail("pieces for bytes are not supported");
  const pieces = settings.fairseq ? fairseqPieces(model.pieces) : model.pieces;
  const unknown = pieces.findIndex(({ type }) => type === pieceTypes.unknown);
  if (unknown < 0) throw fail("the model has no unknown token");
  return {
    added_tokens: addedTokens(pieces, settings.specials),
    normalizer: { type: "Sequence", normalizers: normalisers(model, pieces, settings) },
    pre_tokenizer: {
      type: "Metaspace",
      replacement: "▁",
      prepend_scheme: model.addDummyPrefix ? "always" : "never",
      before_its_sign: true,
      // Where pieces hold spaces, or spaces stand together, the best way may lead across them.
      split: model.removeExtraSpaces && !pieces.some(({ piece }) => piece.includes("▁", 1)),
    },
    post_processor: null,
    decoder: { type: "Metaspace", replacement: "▁" },
    model: {
      type: "Unigram",
      unk_id: unknown,
      vocab: pieces.map(({ piece, score }) => [piece, score]),
      unused: pieces.flatMap(({ type }, id) => (type === pieceTypes.unused ? [id] : [])),
    },
  };
}

function fairseqPieces(pieces: readonly Piece[]): Piece[] {
  const special = (piece: string, type: number = pieceTypes.control): Piece => ({ piece, score: 0, type });
  const front = [special("<s>"), special("<pad>"), special("</s>"), special("<unk>", pieceTypes.unknown)];
  return [...front, ...pieces.slice(3), special("<mask>")];
}

function addedTokens(pieces: readonly Piece[], names: SpecialNames): Record<string, unknown>[] {
  const named = new Set(Object.values(names));
  return pieces.flatMap(({ piece, type }, id) => {
    const special = type === pieceTypes.control || type === pieceTypes.unknown || named.has(piece);
    if (!special && type !== pieceTypes.userDefined) return [];
    // A mask stands for a word with the space before it.
    const lstrip = piece === (names.mask_token ?? "<mask>") || piece === "[MASK]";
    return [{ id, content: piece, special, normalized: false, lstrip, rstrip: false, single_word: false }];
  });
}

function normalisers(model: SentencePieceModel, pieces: readonly Piece[], settings: SentencePieceSettings): object[] {
  const has = (name: string) => pieces.some(({ piece }) => piece === name);
  const albert = has("[CLS]");
  const steps: object[] = [];
  if (albert || has("<cls>")) {
    steps.push({ type: "Replace", pattern: { Regex: "[\\s\\x1c-\\x1f]+" }, content: " " });
    for (const quotes of ["``", "''"]) steps.push({ type: "Replace", pattern: { String: quotes }, content: '"' });
    if (!settings.keepAccents) steps.push({ type: "NFKD" }, { type: "StripAccents" });
    if (settings.lowercase ?? albert) steps.push({ type: "Lowercase" });
  }
  if (model.charsmap.length > 0) {
    const table = Buffer.from(model.charsmap).toString("base64");
    steps.push({ type: "Precompiled", precompiled_charsmap: table, longest_first: true });
  }
  if (model.removeExtraSpaces) {
    steps.push({ type: "Replace", pattern: { Regex: " {2,}" }, content: " " });
    steps.push({ type: "Strip", only_spaces: true });
  }
  return steps;
}
