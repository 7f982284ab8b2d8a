import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { mutate } from './mutation.js';
import { randomOf } from './random.js';
import type { Finding, Order, TargetFigures } from './report.js';
import { isOurs, makeTargets, type Target } from './targets.js';

const slowMilliseconds = 1_000;
const mostGrowth = 32 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

async function fuzz(
  target: Target,
  number: number,
  { seed, progress }: Order,
  count: number,
): Promise<TargetFigures> {
  const findings: Finding[] = [];
  const marks = new Int32Array(progress);
  let [refused, slowest, seconds] = [0, 0, 0];
  let heapBefore = 0;
  for (let index = 0; index < count; index += 1) {
    // By now what is made once is made.
    if (index === Math.floor(count / 10)) heapBefore = heap();
    const text = mutate(target.samples, randomOf(seed, number, index));
    Atomics.store(marks, 0, number);
    Atomics.store(marks, 1, index);
    let milliseconds = 0;
    try {
      milliseconds = await timed(target, text);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) refused += 1;
      else findings.push({ target: target.name, index, fault });
      milliseconds = (error as { milliseconds?: number }).milliseconds ?? 0;
    }
    // Another process may have had the processor: only what is slow twice is slow.
    if (milliseconds > slowMilliseconds) {
      milliseconds = await timed(target, text).catch(
        (error: { milliseconds?: number }) => error.milliseconds ?? 0,
      );
      if (milliseconds > slowMilliseconds)
        findings.push({ target: target.name, index, fault: `it took ${Math.round(milliseconds)} ms` });
    }
    slowest = Math.max(slowest, milliseconds);
    seconds += milliseconds / 1000;
  }
  const growth = Math.max(0, heap() - heapBefore);
  if (growth > mostGrowth)
    findings.push({ target: target.name, index: count, fault: `the heap grew by ${growth} bytes` });
  return { name: target.name, inputs: count, refused, seconds, slowest, growth, findings };
}

async function timed(target: Target, text: string): Promise<number> {
  const start = performance.now();
  try {
    await target.read(text);
    return performance.now() - start;
  } catch (error) {
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
      milliseconds: performance.now() - start,
    });
  }
}

function faultOf(error: unknown): string | undefined {
  if (isOurs(error)) return undefined;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const order = workerData as Order;
const targets = await makeTargets();
for (const [number, target] of targets.entries()) {
  if (order.only !== undefined && target.name !== order.only) continue;
  const count = Math.max(1, Math.round((order.count * target.share) / 1000));
  parentPort?.postMessage(await fuzz(target, number, order, count));
}
parentPort?.postMessage('done');
