import { checkEach, type InvariantResult } from '../judge/invariant.js';
import type { Answer, LoopEvidence, RequestEvidence } from './evidence.js';

/** States of requests that never ran. */
const neverRan: ReadonlySet<string> = new Set(['denied', 'expired', 'not-asked', 'ddl-mismatch']);
/** Messages of requests that did not start, in states that are also used for others. */
const notRunMessages =
  /so it does not run|too many requests|is restarting|before it accepted|^the node is offline$/;

/** Checks the invariants of a loop against the agent's marks, the journal and the audit log. */
export function judgeLoop(evidence: LoopEvidence): InvariantResult[] {
  const { rounds, marks, audit, crashes } = evidence;
  const requests = rounds.flatMap((round) => round.requests);
  const ran = requests.filter(({ id }) => marks.has(id));
  const ranOf = (id: string) => marks.get(id) ?? { begun: 0, ended: 0 };
  return [
    checkEach('no request ran more than once', requests, ({ id, round }) => {
      const { begun, ended } = ranOf(id);
      return begun > 1 || ended > 1
        ? [`round ${round}: ${id}: started ${begun} times, ended ${ended} times`]
        : [];
    }),
    checkEach('every request got a reply with a state', requests, withoutState),
    checkEach('every request reported as ok did run', requests, (one) =>
      lines(one, ({ state, ended }) => state === 'ok' && ended === 0),
    ),
    checkEach('no request reported as not run did run', requests, (one) =>
      lines(one, (answer) => answer.begun > 0 && reportsNotRun(answer)),
    ),
    checkEach('only requests interrupted by a kill are reported as unknown', requests, wronglyUnknown),
    checkEach('every request that ran is in the audit log', ran, (one) => unaudited(one, audit.outcomes)),
    {
      invariant: 'the audit log is intact across all restarts',
      looked: audit.lines,
      violations: audit.fault === undefined ? [] : [audit.fault],
    },
    checkEach('no temporary files are left over', rounds, ({ round, leftOvers }) =>
      leftOvers.map((name) => `round ${round}: ${name}`),
    ),
    checkEach('the daemon restarts every time', rounds, ({ round, upAfter, moment, startMoment }) =>
      upAfter === undefined
        ? [
            `round ${round}: killed ${moment}, ${startMoment === undefined ? 'not during its start' : `and during its start ${startMoment}`}`,
          ]
        : [],
    ),
    { invariant: 'the daemon did not exit unexpectedly', looked: rounds.length, violations: crashes },
  ];
}

// A request sent without replies has none before the client asks.
function withoutState(one: RequestEvidence): string[] {
  const wanted: readonly Answer['by'][] =
    one.way === 'send' ? ['again', 'attach'] : ['call', 'again', 'attach'];
  const missing = wanted.filter((by) => !one.answers.some((answer) => answer.by === by));
  return [
    ...missing.map((by) => `round ${one.round}: ${one.id}: no reply to ${by}`),
    ...lines(one, ({ state }) => state === undefined),
  ];
}

function unaudited(
  { id, round, isNotedFirst, answers }: RequestEvidence,
  audited: LoopEvidence['audit']['outcomes'],
): string[] {
  const outcomes = audited.get(id) ?? [];
  const wanted = [
    ...(isNotedFirst ? ['begun'] : []),
    ...(answers.some(({ state }) => state === 'ok') ? ['ok'] : []),
  ];
  const missing = wanted.filter((outcome) => !outcomes.includes(outcome));
  if (outcomes.length === 0) return [`round ${round}: ${id}: ran, but has no entry`];
  return missing.map(
    (outcome) =>
      `round ${round}: ${id}: no entry with the outcome ${outcome}; outcomes: ${outcomes.join(', ')}`,
  );
}

function reportsNotRun({ state, statusmsg }: Answer): boolean {
  return neverRan.has(state ?? '') || notRunMessages.test(statusmsg);
}

// A client that attaches gets unknown for all requests that ended before the kill. One that sends again gets it only
// if the journal had the request: otherwise it runs now.
function wronglyUnknown(one: RequestEvidence): string[] {
  const settled = one.answers.find(({ by }) => by === 'again')?.state;
  return lines(one, ({ by, state, isBeforeKill }) => {
    if (state !== 'unknown') return false;
    if (isBeforeKill) return true;
    return by === 'attach' ? settled === 'ok' : !one.isJournaled;
  });
}

function lines(one: RequestEvidence, isWrong: (answer: Answer) => boolean): string[] {
  return one.answers.filter(isWrong).map(({ by, state, statusmsg, begun, ended }) => {
    const ran = `started ${begun} times and ended ${ended} times before the reply`;
    return `round ${one.round}: ${one.id} (${one.way}): reply to ${by}: ${state ?? 'no state'}: ${statusmsg}; the request ${ran}`;
  });
}
