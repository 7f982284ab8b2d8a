/** What the worker is to do. */
export interface Order {
  readonly seed: number;
  /** Inputs of all targets together. */
  readonly count: number;
  readonly only?: string;
  /** Two numbers: the target and the input that it is at. */
  readonly progress: SharedArrayBuffer;
}

/** Something that must not be: a crash, a hang, growing memory. The input is made again from seed and index. */
export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly fault: string;
}

export interface TargetFigures {
  readonly name: string;
  readonly inputs: number;
  readonly refused: number;
  readonly seconds: number;
  /** Milliseconds of the slowest input. */
  readonly slowest: number;
  /** Bytes by which the heap grew. */
  readonly growth: number;
  readonly findings: readonly Finding[];
}

export interface FuzzReport {
  readonly seed: number;
  readonly targets: readonly TargetFigures[];
  readonly inputs: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}
