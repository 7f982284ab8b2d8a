import { Worker } from 'node:worker_threads';
import type { FuzzReport, TargetFigures } from './report.js';

// Beyond a second an input is slow, and the worker says so itself; beyond this it does not come back.
const hangMilliseconds = 20_000;
const lookEvery = 500;

/** Feeds mutated inputs to every parser, in a thread of its own that is watched from here. */
export function runFuzz(options: {
  readonly seed: number;
  readonly count: number;
  readonly only?: string;
  readonly onTarget?: (figures: TargetFigures) => void;
}): Promise<FuzzReport> {
  const { seed, count, only, onTarget } = options;
  const progress = new SharedArrayBuffer(8);
  const targets: TargetFigures[] = [];
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { seed, count, progress, ...(only === undefined ? {} : { only }) },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  return new Promise((resolve, reject) => {
    const marks = new Int32Array(progress);
    const place = () => `target ${Atomics.load(marks, 0)}, input ${Atomics.load(marks, 1)} of seed ${seed}`;
    let [last, since] = ['', Date.now()];
    const timer = setInterval(() => {
      if (place() !== last) [last, since] = [place(), Date.now()];
      else if (Date.now() - since > hangMilliseconds) void fail(new Error(`hang at ${place()}`));
    }, lookEvery);
    const fail = async (error: Error) => {
      clearInterval(timer);
      await worker.terminate();
      reject(error);
    };
    worker.on(
      'error',
      (error) => void fail(new Error(`crash at ${place()}: ${error.message}`, { cause: error })),
    );
    worker.on('message', (message: TargetFigures | 'done') => {
      if (message !== 'done') {
        targets.push(message);
        onTarget?.(message);
        return;
      }
      clearInterval(timer);
      const sum = (key: 'inputs' | 'seconds') => targets.reduce((total, each) => total + each[key], 0);
      resolve({
        seed,
        targets,
        inputs: sum('inputs'),
        seconds: sum('seconds'),
        findings: targets.flatMap(({ findings }) => findings),
      });
    });
  });
}
