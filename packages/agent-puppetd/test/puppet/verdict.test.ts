import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type PuppetOutcome, type RunOptions, startRun } from '../../src/puppet/index.js';
import { type FakeHost, fakeHost } from './fake.js';

interface Row {
  readonly title: string;
  readonly behaviour: Readonly<Record<string, string>>;
  readonly options?: RunOptions;
  readonly outcome: PuppetOutcome;
  readonly reason?: RegExp;
}

const refused = 'Error: Could not retrieve catalog from remote server: ';

// "Judging a run" and the error modes: what Puppet leaves behind, and what it means.
const rows: readonly Row[] = [
  { title: 'exit 0 and an unchanged report', behaviour: { FAKE_STATUS: 'unchanged' }, outcome: 'unchanged' },
  {
    title: 'exit 2 and a changed report',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '2' },
    outcome: 'changed',
    reason: /^3 resources changed in environment production$/,
  },
  {
    title: 'exit 6: a failed resource',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_EXIT: '6',
      FAKE_FAILED: '1',
      FAKE_OUTPUT:
        "Error: /Stage[main]/Main/Exec[x]/returns: change from 'notrun' to ['0'] failed\nError: boom",
    },
    outcome: 'failed-resources',
    reason: /^1 resource failed: boom$/,
  },
  {
    title: 'exit 6 and a report that names the failed resource',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_EXIT: '6',
      FAKE_FAILED: '1',
      FAKE_LOGS:
        '- level: err\n  message: bad\n  source: "/Stage[main]/Main/Exec[x y]/returns"\n  file: /site.pp\n  line: 7',
    },
    outcome: 'failed-resources',
    reason: /^1 resource failed: Exec\[x y\] \(\/site\.pp:7\): bad$/,
  },
  {
    title: 'exit 0 although a resource failed',
    behaviour: { FAKE_STATUS: 'failed', FAKE_FAILED: '2' },
    outcome: 'failed-resources',
    reason: /^2 resources failed/,
  },
  {
    title: 'exit 1, no catalog, no failed resource in the summary',
    behaviour: { FAKE_STATUS: 'failed', FAKE_COMPLETED: 'false', FAKE_VERSION: '', FAKE_EXIT: '1' },
    outcome: 'no-catalog',
  },
  {
    title: 'exit 0 with a report that was not completed, as after SIGTERM',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_OUTPUT: 'Notice: Caught TERM; exiting',
    },
    outcome: 'killed',
    reason: /terminated in the middle/,
  },
  {
    title: 'exit 0 without a report, as after SIGTERM before the catalog',
    behaviour: { FAKE_OUTPUT: 'Notice: Caught TERM; exiting' },
    outcome: 'killed',
  },
  {
    title: "Puppet's own limit of time",
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: Execution of Puppet configuration client did not complete within 5 seconds and was terminated.',
    },
    outcome: 'timeout',
  },
  {
    title: "Puppet's own limit of time while it gathers facts",
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_VERSION: '',
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: Could not retrieve local facts: execution expired\nError: Failed to apply catalog: Could not retrieve local facts: execution expired',
    },
    outcome: 'timeout',
  },
  {
    title: 'another environment than asked for',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '2', FAKE_RAN: 'production' },
    options: { environment: 'bootstrap' },
    outcome: 'other-environment',
    reason: /ran environment production instead of the requested environment bootstrap/,
  },
  {
    title: 'the environment asked for',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '2' },
    options: { environment: 'bootstrap' },
    outcome: 'changed',
    reason: /in environment bootstrap/,
  },
  {
    title: 'an environment that the server does not know',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_VERSION: '',
      FAKE_EXIT: '1',
      FAKE_OUTPUT: "Error: Failed to apply catalog: Environment 'nowhere' not found on server, aborting run.",
    },
    options: { environment: 'nowhere' },
    outcome: 'unknown-environment',
    reason: /nowhere/,
  },
  {
    title: 'an old catalog applied because there was no new one',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '2', FAKE_CACHED: 'on_failure' },
    outcome: 'no-catalog',
    reason: /applied the cached one/,
  },
  {
    title: 'exit 1 after a good run, as when postrun_command fails',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '1', FAKE_OUTPUT: 'Error: Could not run command' },
    outcome: 'failed',
    reason: /applied, but Puppet exited with code 1: Could not run command/,
  },
  {
    title: 'disabled',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        "Notice: Skipping run of Puppet configuration client; administratively disabled (Reason: 'it's (late)');\nUse 'puppet agent --enable' to re-enable.",
    },
    outcome: 'disabled',
    reason: /^Puppet is disabled: it's \(late\)$/,
  },
  {
    title: 'another run in progress',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Notice: Run of Puppet configuration client already in progress; skipping  (/x/agent_catalog_run.lock exists)',
    },
    outcome: 'already-running',
  },
  {
    title: 'another process at work on certificates',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: Another puppet instance is already running and the waitforlock setting is set to 0; exiting',
    },
    outcome: 'ssl-locked',
  },
  {
    title: 'a certificate that is not signed',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        "Couldn't fetch certificate from CA server; you might still need to sign this agent's certificate (n1.lab).\nError: Exiting now because the waitforcert setting is set to 0.",
    },
    outcome: 'not-signed',
  },
  {
    title: 'a certificate for another key',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT: "Error: The certificate for 'CN=n1.lab' does not match its private key",
    },
    outcome: 'key-mismatch',
  },
  {
    title: 'a request that the CA does not take',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT: 'Error: Failed to submit the CSR, HTTP response was 403',
    },
    outcome: 'csr-refused',
  },
  {
    title: 'a revoked certificate',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_VERSION: '',
      FAKE_EXIT: '1',
      FAKE_OUTPUT: `Error: SSL_connect returned=1 errno=0 state=error: sslv3 alert certificate unknown\n${refused}No more routes to puppet`,
    },
    outcome: 'certificate-refused',
  },
  {
    title: 'a server of another CA',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: certificate verify failed [unable to get local issuer certificate for CN=m2.lab]\nError: No more routes to ca',
    },
    outcome: 'other-ca',
  },
  {
    title: 'a server with other names',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        "Error: Server hostname 'vm' did not match server certificate; expected one of m1.lab, DNS:m1.lab",
    },
    outcome: 'other-name',
  },
  {
    title: 'a server with other addresses',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: Connection to https://127.0.0.2:8140/puppet-ca/v1 failed, trying next route: hostname "127.0.0.2" does not match the server certificate\nError: No more routes to ca',
    },
    outcome: 'other-name',
  },
  {
    title: 'a server that is down',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: Connection to https://puppet:8140/puppet-ca/v1 failed, trying next route: Failed to open TCP connection to puppet:8140 (Connection refused)',
    },
    outcome: 'server-unreachable',
  },
  {
    title: 'a catalog that does not compile',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_VERSION: '',
      FAKE_EXIT: '1',
      FAKE_OUTPUT: `${refused}Error 500 on SERVER: Server Error: Evaluation Error: Unknown variable\nWarning: Not using cache on failed catalog`,
    },
    outcome: 'catalog-refused',
    reason: /Evaluation Error: Unknown variable/,
  },
  {
    title: 'a catalog that was not applied to its end',
    behaviour: {
      FAKE_STATUS: 'failed',
      FAKE_COMPLETED: 'false',
      FAKE_EXIT: '1',
      FAKE_OUTPUT: 'Error: Failed to apply catalog: Found 1 dependency cycle:',
    },
    outcome: 'incomplete',
    reason: /dependency cycle/,
  },
  { title: 'exit 0 without a report', behaviour: {}, outcome: 'no-report' },
  {
    title: 'exit 0 and the report of another run',
    behaviour: { FAKE_STATUS: 'changed', FAKE_JOB: 'another' },
    outcome: 'no-report',
  },
  {
    title: 'exit 0 and a report without a job id of before the start',
    behaviour: { FAKE_STATUS: 'changed', FAKE_JOB: 'none', FAKE_TIME: '2020-01-01T00:00:00.000000000Z' },
    outcome: 'no-report',
  },
  {
    title: 'a report without a job id of after the start',
    behaviour: { FAKE_STATUS: 'changed', FAKE_EXIT: '2', FAKE_JOB: 'none' },
    outcome: 'changed',
  },
  {
    title: 'what a resource prints for a cause',
    behaviour: {
      FAKE_EXIT: '1',
      FAKE_OUTPUT:
        'Error: /Stage[main]/Main/Exec[x]/returns: certificate verify failed\nError: Facter: Permission denied\nError: what really happened',
    },
    outcome: 'failed',
    reason: /exited with code 1: what really happened$/,
  },
];

describe('judging a run', () => {
  let host: FakeHost;

  beforeEach(async () => {
    host = await fakeHost();
  });

  afterEach(() => host[Symbol.asyncDispose]());

  for (const { title, behaviour, options, outcome, reason } of rows) {
    it(`takes ${title} for ${outcome}`, async () => {
      const run = await host.puppet(behaviour).start(options);
      const verdict = await run.follow();
      expect(verdict).to.include({ outcome, ok: outcome === 'changed' || outcome === 'unchanged' });
      expect(verdict.exitCode).to.equal(Number(behaviour.FAKE_EXIT ?? 0));
      if (reason) expect(verdict.reason).to.match(reason);
    });
  }

  it('takes a command that cannot be started for not-started', async () => {
    const puppet = host.puppet();
    const settings = await puppet.settings();
    const config = { ...puppet.config, command: [host.path('gone')] as const };
    const run = await startRun(config, settings, host.stateDir, {});
    const verdict = await run.follow();
    expect(verdict).to.include({ ok: false, outcome: 'not-started', exitCode: 127 });
    expect(verdict.reason).to.include(host.path('gone'));
  });
});
