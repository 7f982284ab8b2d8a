import {
  ActionError,
  type Agent,
  type AgentConfig,
  defineAgent,
  type Handlers,
  type Host,
  TroupeError,
} from '@troupe/core';
import ddl from '@troupe/ddl/puppetd.json' with { type: 'json' };
import { readPuppetdConfig } from './config.js';
import { providePuppetData } from './data.js';
import { lastRunSummary } from './last-run-summary.js';
import { Puppet, type PuppetSystem } from './puppet/index.js';
import { manageResource } from './resource.js';
import { Runner } from './runner.js';

/** The agent that runs Puppet. It is not started if Puppet is not installed. */
export default defineAgent(ddl, setUp);

/** The same agent over an emulated Puppet. */
export function emulatedPuppetd(systemOf: (host: Host) => PuppetSystem): Agent {
  return defineAgent(ddl, (section, host) => setUp(section, host, systemOf(host)));
}

async function setUp(section: AgentConfig, host: Host, system?: PuppetSystem) {
  const config = readPuppetdConfig(section);
  const puppet = new Puppet(section, host.stateDir, system);
  if (!(await puppet.isInstalled())) {
    host.log.info(
      { command: puppet.config.command },
      'Puppet is not installed: the agent puppetd is not started',
    );
    return;
  }
  if (!host.isCheck) await begin(puppet, host);
  providePuppetData(host, puppet);
  const runner = new Runner(puppet, config);

  const handlers: Handlers<typeof ddl> = {
    runonce: (input, context) => withReadableErrors(runner.runonce(input, context)),
    follow: (input, context) => withReadableErrors(runner.follow(input, context)),
    status: async () => ({ ...(await withReadableErrors(puppet.status())) }),
    enable: async () => {
      if (await withReadableErrors(puppet.enable())) return { status: 'Puppet is enabled', enabled: true };
      throw new ActionError('Puppet is already enabled', undefined, { data: { enabled: true } });
    },
    disable: async (input, { caller }) => {
      const message = input.message ?? `Disabled by ${caller} at ${new Date().toISOString()}`;
      if (await withReadableErrors(puppet.disable(message)))
        return { status: `Puppet is disabled: ${message}`, enabled: false };
      const { disable_message } = await puppet.status();
      throw new ActionError(`Puppet is already disabled: ${disable_message}`, undefined, {
        data: { enabled: false },
      });
    },
    last_run_summary: ({ logs }) => withReadableErrors(lastRunSummary(puppet, logs ?? false)),
    resource: (input, context) => withReadableErrors(manageResource(puppet, config.resource, input, context)),
  };
  return handlers;
}

async function begin(puppet: Puppet, host: Host): Promise<void> {
  // The first question takes seconds, so it is asked before anybody waits for the answer.
  puppet
    .settings()
    .catch((error: unknown) =>
      host.log.warn({ err: error }, "cannot read Puppet's settings; the next request reads them again"),
    );
  await puppet.resume(host.log);
}

// The messages of our own errors are for people, so the caller may read them.
function withReadableErrors<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (error instanceof TroupeError) throw new ActionError(error.message, undefined, { cause: error });
    throw error;
  });
}
