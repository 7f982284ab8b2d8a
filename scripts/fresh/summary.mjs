const TOTALS = /^\d+ passed, \d+ failed, \d+ skipped$/;
// As scripts/reporter.mjs prints a skipped test: its title, and why.
const NO_REASON = /^ {2}- (.+): no reason given$/;

/** What a command's exit code and output say: its totals, where it ran tests, and the problem, if there is one. */
export function summaryOf(code, output) {
  const lines = output.split('\n');
  const totals = lines.findLast((line) => TOTALS.test(line));
  const nameless = lines.map((line) => NO_REASON.exec(line)?.[1]).filter((title) => title !== undefined);
  let problem;
  if (code !== 0) problem = `exit ${code}${totals ? `: ${totals}` : ''}`;
  else if (nameless.length > 0) problem = `skipped without a reason: ${nameless.join('; ')}`;
  return { ...(totals && { totals }), ...(problem && { problem }) };
}
