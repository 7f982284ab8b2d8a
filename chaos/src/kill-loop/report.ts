import { invariantRows, table, violationLines } from '../table.js';
import type { RoundEvidence } from './evidence.js';
import type { LoopResult } from './result.js';

/** One line for a round that has ended. */
export function roundLine(evidence: RoundEvidence, of: number): string {
  const { round, moment, isHit, startMoment, upAfter, requests } = evidence;
  const number = `${round}`.padStart(`${of}`.length);
  const start = startMoment === undefined ? '' : `, and during its start ${startMoment}`;
  const killed = `killed ${isHit ? moment : `after all requests had ended (not ${moment})`}${start}`;
  const up = upAfter === undefined ? 'DID NOT RESTART' : `restarted in ${upAfter.toFixed(1)} s`;
  return `${number}/${of}  ${killed}; ${up}; ${requests.length} requests: ${endsOf(requests)}`;
}

// The states after the client's own recovery, and those of requests that were sent again.
function endsOf(requests: RoundEvidence['requests']): string {
  const count = (by: string) => {
    const states = requests.flatMap(({ answers }) =>
      answers.filter((answer) => answer.by === by).map(({ state }) => state ?? 'no state'),
    );
    return [...new Set(states)]
      .sort()
      .map((state) => `${states.filter((one) => one === state).length} ${state}`)
      .join(', ');
  };
  return `${count('call') || 'no calls'}; sent again: ${count('again') || 'none'}`;
}

/** The results as tables. */
export function loopTables({ seed, broker, rounds, findings, seconds }: LoopResult): string {
  const requests = rounds.flatMap((round) => round.requests);
  const kindOf = ({ moment, isHit }: RoundEvidence) =>
    isHit ? moment.replace(/\d+/g, 'N') : 'after all requests had ended';
  const kinds = [...new Set(rounds.map(kindOf))].sort();
  const rows = kinds.map((kind) => {
    const some = rounds.filter((round) => kindOf(round) === kind);
    const all = some.flatMap((round) => round.requests);
    const answers = all.flatMap((request) => request.answers);
    const of = (by: string, state: string) =>
      answers.filter((answer) => answer.by === by && answer.state === state).length;
    const ends = [of('call', 'ok'), of('call', 'unknown'), of('again', 'ok'), of('again', 'unknown')];
    return [kind, some.length, all.length, ...ends];
  });
  const starts = rounds.filter(({ startMoment }) => startMoment !== undefined).length;
  const slowest = Math.max(0, ...rounds.flatMap(({ upAfter }) => upAfter ?? []));
  const head = `seed ${seed}, broker ${broker}: ${rounds.length} rounds, ${requests.length} requests in ${seconds.toFixed(0)} s; ${starts} kills during a start; slowest start ${slowest.toFixed(1)} s`;
  const columns = ['rounds', 'requests', 'ok', 'unknown', 'again: ok', 'again: unknown'];
  const parts = [
    head,
    table(['killed', ...columns], rows),
    table(['holds', 'invariant', 'checked', 'violations'], invariantRows(findings)),
    ...violationLines(findings),
  ];
  return `${parts.join('\n')}\n`;
}
