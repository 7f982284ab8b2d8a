import { expect } from 'chai';
import { describe, it } from 'mocha';
import { OutputHints } from '../../src/puppet/hint.js';
import type { ReportHead } from '../../src/puppet/report.js';
import type { ResourceCounts } from '../../src/puppet/summary.js';
import { type Evidence, judge } from '../../src/puppet/verdict.js';

const startedAt = 1_000_000;

const changed: ReportHead = {
  status: 'changed',
  transactionCompleted: true,
  environment: 'production',
  time: startedAt + 500,
  noop: false,
  noopPending: false,
  configurationVersion: '1',
  transactionUuid: null,
  jobId: 'r1',
  cachedCatalogStatus: 'not_used',
};
const incomplete: ReportHead = { ...changed, status: 'failed', transactionCompleted: false };

const counts = (some: Partial<ResourceCounts>): ResourceCounts => ({
  total: 9,
  changed: 0,
  corrective_change: 0,
  failed: 0,
  failed_to_restart: 0,
  out_of_sync: 0,
  restarted: 0,
  scheduled: 0,
  skipped: 0,
  ...some,
});

function hints(...lines: readonly string[]): OutputHints {
  const found = new OutputHints();
  for (const line of lines) found.add(line);
  return found;
}

const judged = (evidence: Partial<Evidence>) =>
  judge({
    id: 'r1',
    startedAt,
    exitCode: 2,
    endedAt: startedAt + 2_500,
    report: changed,
    resources: counts({ changed: 3 }),
    hints: hints(),
    failedResources: [],
    ...evidence,
  });

describe('a verdict', () => {
  it('carries all that is known of the run', () => {
    const found = hints('Notice: one', 'Error: two');
    expect(judged({ hints: found, report: { ...changed, noopPending: true } })).to.deep.equal({
      ok: true,
      outcome: 'changed',
      reason: '3 resources changed in environment production',
      exitCode: 2,
      seconds: 2.5,
      environment: 'production',
      noopPending: true,
      resources: counts({ changed: 3 }),
      failedResources: [],
      errors: ['two'],
      tail: ['Notice: one', 'Error: two'],
    });
  });

  for (const [what, endedAt, seconds] of [
    ['whose end nobody recorded', undefined, null],
    ['that ended at once', startedAt, 0],
    ['that a clock that was set back let end before its beginning', startedAt - 5_000, 0],
    ['of a minute and a half', startedAt + 90_000, 90],
  ] as const)
    it(`of a run ${what} says ${seconds} seconds`, () =>
      expect(judged({ endedAt }).seconds).to.equal(seconds));

  it('has no failed resources of the report of another run', () => {
    const failedResources = [{ resource: 'Exec[a]', file: null, line: null, message: 'no' }];
    const other = { ...changed, jobId: 'r2' };
    expect(judged({ failedResources, report: other, exitCode: 6 }).failedResources).to.deep.equal([]);
    expect(judged({ failedResources, exitCode: 6 }).failedResources).to.deep.equal(failedResources);
  });

  it('has nothing of the report of another run', () =>
    expect(judged({ exitCode: 0, report: { ...changed, jobId: 'other', noopPending: true } })).to.include({
      outcome: 'no-report',
      environment: null,
      noopPending: false,
      resources: null,
    }));

  it('has no resources where there is no summary', () =>
    expect(judged({ resources: undefined })).to.include({
      resources: null,
      reason: 'Resources changed in environment production',
    }));

  it('is short', () =>
    expect(judged({ exitCode: 1, aborted: 'x'.repeat(5_000) }).reason).to.have.length(1_000));

  for (const [what, report, isOwn] of [
    ['of no run that began a second before the start', { jobId: null, time: startedAt - 1_000 }, true],
    ['of no run that began longer before', { jobId: null, time: startedAt - 1_001 }, false],
    ['of no run, at no time', { jobId: null, time: null }, false],
    ['of this run, however old', { jobId: 'r1', time: 0 }, true],
  ] as const)
    it(`${isOwn ? 'believes' : 'does not believe'} a report ${what}`, () =>
      expect(judged({ report: { ...changed, ...report } }).ok).to.equal(isOwn));

  for (const [what, evidence, outcome, reason] of [
    ['exit code 0', { exitCode: 0 }, 'changed', '3 resources changed in environment production'],
    [
      'one resource',
      { resources: counts({ changed: 1 }) },
      'changed',
      '1 resource changed in environment production',
    ],
    [
      'no environment in the report',
      { report: { ...changed, environment: null } },
      'changed',
      '3 resources changed',
    ],
    [
      'nothing to change',
      { exitCode: 0, report: { ...changed, status: 'unchanged' } },
      'unchanged',
      'Nothing to change in environment production',
    ],
    [
      'a no-op run with something to change',
      { exitCode: 0, report: { ...changed, status: 'unchanged', noop: true, noopPending: true } },
      'unchanged',
      'No-op run in environment production: changes are pending',
    ],
    [
      'a no-op run with nothing to change',
      { exitCode: 0, report: { ...changed, status: 'unchanged', noop: true } },
      'unchanged',
      'Nothing to change in environment production',
    ],
    [
      'changes, and resources that puppet.conf keeps in no-op',
      { report: { ...changed, noopPending: true } },
      'changed',
      '3 resources changed in environment production',
    ],
    [
      'the environment that was asked for',
      { environment: 'production' },
      'changed',
      '3 resources changed in environment production',
    ],
    [
      'a cached catalog on purpose',
      { report: { ...changed, cachedCatalogStatus: 'explicitly_requested' } },
      'changed',
      '3 resources changed in environment production',
    ],
  ] as const)
    it(`is good with ${what}`, () =>
      expect(judged(evidence as Partial<Evidence>)).to.include({ ok: true, outcome, reason }));

  const error = hints('Error: boom', 'the last line');
  for (const [what, evidence, outcome, reason] of [
    [
      'was stopped, whatever else is so',
      { aborted: 'by hand', exitCode: null },
      'aborted',
      'The run was aborted: by hand',
    ],
    [
      'left no exit code on a host that was started again',
      { exitCode: null, isOtherBoot: true },
      'killed',
      'The host went down during the run',
    ],
    [
      'left no exit code',
      { exitCode: null },
      'killed',
      'The run was killed before its exit code was recorded',
    ],
    ['has an exit code of a signal', { exitCode: 129 }, 'killed', 'Puppet was killed by signal 1'],
    [
      'has the last exit code that is no signal',
      { exitCode: 128, report: undefined },
      'failed',
      'Puppet exited with code 128: no output',
    ],
    [
      'ran another environment',
      { environment: 'lab' },
      'other-environment',
      'Puppet ran environment production instead of the requested environment lab',
    ],
    [
      'was told to stop before it had a report',
      { exitCode: 0, report: undefined, hints: hints('Notice: Caught TERM; exiting') },
      'killed',
      'Puppet was terminated in the middle of the run',
    ],
    [
      'says that it was told to stop, and has a whole report that failed',
      {
        exitCode: 0,
        report: { ...changed, status: 'failed' },
        hints: hints('Notice: Caught TERM; exiting'),
      },
      'failed',
      'The catalog was applied, but Puppet exited with code 0: Notice: Caught TERM; exiting',
    ],
    [
      'was told to stop and says so by its exit code',
      { exitCode: 1, report: undefined, hints: hints('Notice: Caught TERM; exiting') },
      'failed',
      'Puppet exited with code 1: Notice: Caught TERM; exiting',
    ],
    ...[125, 126, 127].map(
      (exitCode) =>
        [
          `could not be started (${exitCode})`,
          { exitCode, report: undefined },
          'not-started',
          `Puppet could not be started: exit code ${exitCode}`,
        ] as const,
    ),
    [
      'could not be started, with words',
      { exitCode: 127, report: undefined, hints: error },
      'not-started',
      'Puppet could not be started: the last line',
    ],
    [
      'has a report although the exit code is that of a missing command',
      { exitCode: 127 },
      'failed',
      'The catalog was applied, but Puppet exited with code 127: no output',
    ],
    [
      'applied an old catalog',
      { report: { ...changed, cachedCatalogStatus: 'on_failure' }, hints: error },
      'no-catalog',
      'The server returned no catalog, so Puppet applied the cached one: boom',
    ],
    [
      'has failed resources and failed restarts',
      { exitCode: 6, resources: counts({ failed: 2, failed_to_restart: 1 }), hints: error },
      'failed-resources',
      '3 resources failed: boom',
    ],
    [
      'has a failed restart',
      { exitCode: 6, resources: counts({ failed_to_restart: 1 }), hints: error },
      'failed-resources',
      '1 resource failed: boom',
    ],
    [
      'has failed resources that the report names',
      {
        exitCode: 6,
        resources: counts({ failed: 2 }),
        hints: error,
        failedResources: [
          { resource: 'Exec[a]', file: '/site.pp', line: 3, message: 'no' },
          { resource: 'File[/b]', file: null, line: null, message: 'full' },
        ],
      },
      'failed-resources',
      '2 resources failed: Exec[a] (/site.pp:3): no; File[/b]: full',
    ],
    [
      'has a failed report although the exit code is good',
      { exitCode: 0, report: { ...changed, status: 'failed' }, resources: undefined },
      'failed',
      'The catalog was applied, but Puppet exited with code 0: no output',
    ],
    [
      'received a catalog and did not apply it to its end',
      { exitCode: 1, report: incomplete, hints: error },
      'incomplete',
      'The catalog was not applied completely: boom',
    ],
    [
      'received no catalog',
      { exitCode: 1, report: { ...incomplete, configurationVersion: null }, hints: error },
      'no-catalog',
      'Puppet received no catalog: boom',
    ],
    [
      'found Puppet disabled, which only the lock file says',
      { exitCode: 1, report: undefined, disabledMessage: 'moving' },
      'disabled',
      'Puppet is disabled: moving',
    ],
    [
      'found Puppet disabled without a message',
      { exitCode: 1, report: undefined, disabledMessage: '' },
      'disabled',
      'Puppet is disabled: no reason given',
    ],
    [
      'left no report and exit code 0',
      { exitCode: 0, report: undefined },
      'no-report',
      'Puppet exited with code 0 but wrote no report of this run',
    ],
    [
      'left no report and exit code 2',
      { exitCode: 2, report: undefined },
      'no-report',
      'Puppet exited with code 2 but wrote no report of this run',
    ],
    [
      'left no report and exit code 1',
      { exitCode: 1, report: undefined, hints: hints('only words') },
      'failed',
      'Puppet exited with code 1: only words',
    ],
    [
      'has exit code 1 and a whole report of success',
      { exitCode: 1, resources: counts({}) },
      'failed',
      'The catalog was applied, but Puppet exited with code 1: no output',
    ],
    [
      'was not completed and has exit code 2',
      { exitCode: 2, report: { ...changed, transactionCompleted: false } },
      'incomplete',
      'The catalog was not applied completely: no output',
    ],
  ] as const)
    it(`is bad if the run ${what}`, () =>
      expect(judged(evidence as Partial<Evidence>)).to.include({ ok: false, outcome, reason }));
});

describe('what the output gave away', () => {
  it('is bounded: fifty lines, ten errors, five hundred characters of each', () => {
    const found = hints(...Array.from({ length: 60 }, (_, index) => `Error: ${index} ${'x'.repeat(600)}`));
    expect(found.tail).to.have.length(50);
    expect(found.tail[0]).to.equal(`Error: 10 ${'x'.repeat(490)}`);
    expect(found.tail.at(-1)).to.include('Error: 59 ');
    expect(found.errors).to.have.length(10);
    expect(found.errors[0]).to.equal(`0 ${'x'.repeat(498)}`);
    expect(found.errors.at(-1)).to.include('9 x');
  });

  it('is the first line of each kind', () => {
    const found = hints(
      "Error: Environment 'a' not found on server, aborting run.",
      `Error: Environment 'b' not found on server, aborting run. ${'x'.repeat(600)}`,
    );
    expect(found.lineOf('unknown-environment')).to.include("'a'");
    expect(found.lineOf('timeout')).to.equal(undefined);
    const long = hints(`Error: Failed to submit the CSR ${'x'.repeat(600)}`);
    expect(long.lineOf('csr-refused')).to.have.length(500);
  });

  it('is not what resources and facts print', () => {
    const found = hints(
      'Error: /Stage[main]/X/returns: Failed to submit the CSR',
      'Error: Facter: Failed to submit the CSR',
    );
    expect(found.errors).to.deep.equal([]);
    expect(found.lineOf('csr-refused')).to.equal(undefined);
    expect(found.tail).to.have.length(2);
  });
});
