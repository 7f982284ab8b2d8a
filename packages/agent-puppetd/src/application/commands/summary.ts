import type { Session } from '@troupe/client/application';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { distributionOf, sparkline } from '../distribution.js';
import { collect, show } from './call.js';
import { isFailure } from './outcome.js';

const figures = [
  ['Total resources', 'total_resources'],
  ['Out of sync resources', 'out_of_sync_resources'],
  ['Failed resources', 'failed_resources'],
  ['Changed resources', 'changed_resources'],
  ['Corrected resources', 'corrected_resources'],
  ['Config retrieval time (s)', 'config_retrieval_time'],
  ['Total run time (s)', 'total_time'],
  ['Time since last run (s)', 'since_lastrun'],
] as const;

const mostNames = 10;

const nothing = { min: null, average: null, max: null, counts: [] };

/** Shows the distribution of the statistics of the last runs over the nodes. */
export async function showSummary(session: Session): Promise<number> {
  const { client, collective, filter, signal } = session;
  const answers = await collect(
    session,
    client.agent(ddl).last_run_summary({}, { collective, filter, signal }),
    { isSummed: true },
  );
  const spread = figures.map(([label, name]) => {
    const values = answers.ok
      .map(({ data }) => data[name])
      .filter((value): value is number => typeof value === 'number' && value >= 0);
    return { label, name, distribution: distributionOf(values) };
  });
  const lines = spread.map(({ label, distribution }) => {
    const title = `${label}:`.padStart(26);
    if (!distribution) return `${title} no data`;
    const { counts, min, average, max } = distribution;
    const [low, mean, high] = [min, average, max].map((value) => value.toFixed(1));
    return `${title} ${sparkline(counts)}  min: ${low}  avg: ${mean}  max: ${high}`;
  });
  for (const { name, distribution } of spread)
    session.json?.result({ figure: name, ...(distribution ?? nothing) });
  show(
    session,
    answers.ok.length === 0
      ? []
      : [
          `Last Puppet runs of ${answers.ok.length === 1 ? '1 node' : `${answers.ok.length} nodes`}:`,
          '',
          ...lines,
          ...failedLines(answers.ok),
        ],
  );
  return answers.exitCode;
}

// Their counts are not in the figures above if the catalog was not applied.
function failedLines(
  answers: readonly { sender: string; data: { lastrun_outcome?: string | null } }[],
): string[] {
  const byOutcome = new Map<string, string[]>();
  for (const { sender, data } of answers) {
    const outcome = data.lastrun_outcome;
    if (isFailure(outcome)) byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), sender]);
  }
  const lines = [...byOutcome].map(([outcome, names]) => {
    const shown = names.sort().slice(0, mostNames).join(', ');
    const rest = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
    return `${`${outcome}:`.padStart(26)} ${names.length}  (${shown}${rest})`;
  });
  return lines.length === 0 ? [] : ['', 'Last runs that failed:', ...lines];
}
