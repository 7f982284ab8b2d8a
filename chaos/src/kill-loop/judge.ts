import { type Finding, finding } from '../judge/finding.js';
import type { Answer, LoopEvidence, RequestEvidence } from './evidence.js';

/** States in which nothing ran, whoever says so. */
const neverRan: ReadonlySet<string> = new Set(['denied', 'expired', 'not-asked']);
/** What is said of a request that did not begin, in states that are used for others, too. */
const neverRanWords =
  /so it does not run it|so it runs nothing|too many requests|is restarting|before it took|^the node is offline$/;

/** Judges a loop by what the agent wrote, the journal and the audit. */
export function judgeLoop(evidence: LoopEvidence): Finding[] {
  const { rounds, marks, audit, crashes } = evidence;
  const requests = rounds.flatMap((round) => round.requests);
  const ran = requests.filter(({ id }) => marks.has(id));
  const ranOf = (id: string) => marks.get(id) ?? { begun: 0, ended: 0 };
  return [
    finding('no request ran twice', requests, ({ id, round }) => {
      const { begun, ended } = ranOf(id);
      return begun > 1 || ended > 1 ? [`round ${round}: ${id}: began ${begun} times, ended ${ended}`] : [];
    }),
    finding('every request has an end with a name', requests, nameless),
    finding('what is called ok did run', requests, (one) =>
      lines(one, ({ state, ended }) => state === 'ok' && ended === 0),
    ),
    finding('what is said not to have run did not run', requests, (one) =>
      lines(one, (answer) => answer.begun > 0 && saysNeverRan(answer)),
    ),
    finding('unknown is only what the daemon was killed with', requests, doubtful),
    finding('every request that ran is in the audit', ran, (one) => unaudited(one, audit.outcomes)),
    {
      invariant: 'the audit is whole over all restarts',
      looked: audit.lines,
      violations: audit.fault === undefined ? [] : [audit.fault],
    },
    finding('no temporary file is left', rounds, ({ round, leftOvers }) =>
      leftOvers.map((name) => `round ${round}: ${name}`),
    ),
    finding('the daemon comes up each time', rounds, ({ round, upAfter, moment, startMoment }) =>
      upAfter === undefined ? [`round ${round}: killed ${moment}, ${startMoment ?? 'and not again'}`] : [],
    ),
    { invariant: 'the daemon did not end by itself', looked: rounds.length, violations: crashes },
  ];
}

// Whoever sent it without wanting a reply has none before asking.
function nameless(one: RequestEvidence): string[] {
  const wanted: readonly Answer['by'][] =
    one.way === 'send' ? ['again', 'attach'] : ['call', 'again', 'attach'];
  const missing = wanted.filter((by) => !one.answers.some((answer) => answer.by === by));
  return [
    ...missing.map((by) => `round ${one.round}: ${one.id}: no answer to ${by}`),
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
  if (outcomes.length === 0) return [`round ${round}: ${id}: ran, and has no line`];
  return missing.map(
    (outcome) => `round ${round}: ${id}: no line says ${outcome}; its lines say ${outcomes.join(', ')}`,
  );
}

function saysNeverRan({ state, statusmsg }: Answer): boolean {
  return neverRan.has(state ?? '') || neverRanWords.test(statusmsg);
}

// Who asks for what is kept is told unknown of all that ended before the kill. One who sends it again is told so only
// where the journal had it: otherwise it runs now.
function doubtful(one: RequestEvidence): string[] {
  const settled = one.answers.find(({ by }) => by === 'again')?.state;
  return lines(one, ({ by, state, isBeforeKill }) => {
    if (state !== 'unknown') return false;
    if (isBeforeKill) return true;
    return by === 'attach' ? settled === 'ok' : !one.isJournaled;
  });
}

function lines(one: RequestEvidence, isWrong: (answer: Answer) => boolean): string[] {
  return one.answers.filter(isWrong).map(({ by, state, statusmsg, begun, ended }) => {
    const ran = `began ${begun} times and ended ${ended} times by then`;
    return `round ${one.round}: ${one.id} (${one.way}): ${by} says ${state ?? 'nothing'}: ${statusmsg}; it ${ran}`;
  });
}
