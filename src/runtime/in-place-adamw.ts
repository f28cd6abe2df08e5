import {
  type AdamWGroup,
  type FloatMemory,
  type InPlaceAdamW,
  type LearningSlots,
  rateNames,
  type Tensors,
} from "../engine/executor.js";
import { byteCount, float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { type AdamWKernel, adamWKernel, type Planes } from "./adamw-kernel.js";
import { aligned, alignment } from "./alignment.js";

/** Most bytes of one plane, unless a single tensor is larger: a kernel's memory holds four planes. */
const mostPlaneBytes = 2 ** 28;
/** Planes begin at unlike addresses; otherwise the kernel's four streams would compete for the same cache lines. */
const skew = 1024 + alignment;

const float32Bytes = (shape: readonly number[]) => byteCount({ dtype: "float32", shape });

/** Parameters that lie in one kernel's memory. */
interface Piece {
  readonly group: AdamWGroup;
  readonly planes: Planes;
  readonly memory: ArrayBuffer;
  readonly run: AdamWKernel;
}

/** Memory of values, moments and gradients, and AdamW on it. */
export class AdamWMemory {
  /** Where each slot has its place. */
  readonly places: ReadonlyMap<string, HostTensor<"float32">>;
  /** Slots of gradients. */
  readonly gradients: ReadonlySet<string>;
  /** Outputs of the graph that are wanted. */
  readonly factors: readonly string[];
  private readonly pieces: readonly Piece[];

  constructor(
    readonly update: InPlaceAdamW,
    /** Told of memory that is not touched yet. */
    prepare: (memory: Uint8Array<ArrayBuffer>) => void = () => undefined,
    planeBytes = mostPlaneBytes,
  ) {
    const places = new Map<string, HostTensor<"float32">>();
    this.pieces = update.groups.flatMap((group) =>
      inPieces(group.parameters, planeBytes).map((parameters) => makePiece(group, parameters, places, prepare)),
    );
    this.places = places;
    this.gradients = new Set(update.groups.flatMap(({ parameters }) => parameters.map(({ gradient }) => gradient)));
    this.factors = [...new Set(update.groups.flatMap(({ factor }) => (factor === null ? [] : [factor])))];
  }

  /**
   * The planes of gradients.
   *
   * @param addressOf where memory lies in this process
   */
  gradientPlanes(addressOf: (memory: Uint8Array<ArrayBuffer>) => bigint): readonly FloatMemory[] {
    return this.pieces.map(({ planes: { bytes, stride }, memory }) => ({
      address: addressOf(new Uint8Array(memory)) + BigInt(3 * stride),
      floats: bytes / Float32Array.BYTES_PER_ELEMENT,
    }));
  }

  /**
   * Updates values and moments by the gradients.
   *
   * @param scalars {@link rateNames} and {@link factors}; what is computed of them is rounded to float32, as a
   * graph does
   */
  apply(scalars: Tensors): void {
    const { beta1, beta2, epsilon } = this.update;
    const learningRate = scalarOf(scalars, rateNames.learningRate);
    const stepSize = scalarOf(scalars, rateNames.stepSize);
    for (const { group, planes, run } of this.pieces) {
      const scale = Math.fround(group.rateScale);
      const lost = Math.fround(Math.fround(learningRate * scale) * Math.fround(group.weightDecay));
      run(planes, {
        factor: group.factor === null ? 1 : scalarOf(scalars, group.factor),
        beta1,
        beta2,
        epsilon,
        stepSize: Math.fround(stepSize * scale),
        kept: Math.fround(1 - lost),
      });
    }
  }
}

const scalarOf = (tensors: Tensors, name: string) => floatsOf(tensors, name)[0] as number;

/** Cuts where a plane would be longer than it should. */
function inPieces(parameters: readonly LearningSlots[], planeBytes: number): LearningSlots[][] {
  const pieces: LearningSlots[][] = [];
  let bytes = 0;
  for (const parameter of parameters) {
    const last = pieces.at(-1);
    const size = aligned(float32Bytes(parameter.shape));
    if (last && bytes + size <= planeBytes) last.push(parameter);
    else {
      pieces.push([parameter]);
      bytes = 0;
    }
    bytes += size;
  }
  return pieces;
}

function makePiece(
  group: AdamWGroup,
  parameters: readonly LearningSlots[],
  places: Map<string, HostTensor<"float32">>,
  prepare: (memory: Uint8Array<ArrayBuffer>) => void,
): Piece {
  const bytes = parameters.reduce((sum, { shape }) => sum + aligned(float32Bytes(shape)), 0);
  const planes = { bytes, stride: bytes + skew };
  const { memory, run } = adamWKernel(planes);
  prepare(new Uint8Array(memory));
  let at = 0;
  for (const { value, firstMoment, secondMoment, gradient, shape } of parameters) {
    const length = float32Bytes(shape) / 4;
    [value, firstMoment, secondMoment, gradient].forEach((slot, plane) => {
      places.set(slot, float32Tensor(shape, new Float32Array(memory, plane * planes.stride + at, length)));
    });
    at += aligned(4 * length);
  }
  return { group, planes, memory, run };
}
