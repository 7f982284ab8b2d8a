import type { NodeEvidence } from './evidence.js';

/** The step that makes the runs of an environment. */
const stepOf: Readonly<Record<string, string>> = {
  bootstrap: 'puppet_bootstrap_stage',
  production: 'puppet_final_run',
};

interface Run {
  readonly id: string;
  readonly environment: string;
  readonly begin: number;
  /** Infinity where it never ended: its machine was switched off. */
  readonly end: number;
  readonly exitCode: number | undefined;
}

/** Where the runs of a node's Puppet, as Puppet noted them, and the attempts on the node's record do not fit. */
export function runFaults({ identity, runs: lines, record }: NodeEvidence): string[] {
  const runs = lines
    .filter(({ event }) => event === 'begin')
    .map(({ id, environment, time }): Run => {
      const ended = lines.find((line) => line.event === 'end' && line.id === id);
      const end = ended?.time ?? Number.POSITIVE_INFINITY;
      return { id, environment, begin: time, end, exitCode: ended?.exitCode };
    });
  const history = record?.history ?? [];
  const faults: string[] = [];
  const ids = new Set<string>();
  const attempts = new Map<string, string>();
  for (const [index, run] of runs.entries()) {
    const say = (what: string) => faults.push(`${identity}: run ${run.id}: ${what}`);
    if (ids.has(run.id)) say('it was started twice');
    ids.add(run.id);
    const step = stepOf[run.environment];
    const lines = history.filter((line) => line.step === step && Date.parse(line.time) <= run.begin);
    const attempt = lines.findLast(({ outcome }) => outcome === 'started');
    const key = `${step} ${attempt?.time}`;
    if (!attempt) say(`no attempt of ${step} had started`);
    else if (attempts.has(key))
      say(`attempt ${attempt.attempt} of ${step} had already started the run ${attempts.get(key)}`);
    attempts.set(key, run.id);
    for (const earlier of runs.slice(0, index)) {
      if (Number.isFinite(earlier.end) && earlier.end > run.begin)
        say(`the earlier run ${earlier.id} had not ended`);
      const isSame = earlier.environment === run.environment && earlier.exitCode === 2;
      const isVoid = lines.some(
        ({ outcome, time }) => outcome === 'void' && Date.parse(time) >= earlier.begin,
      );
      if (isSame && !isVoid) say(`the earlier run ${earlier.id} had already succeeded`);
    }
  }
  return faults;
}
