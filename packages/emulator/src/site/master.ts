import { join } from 'node:path';
import puppetca from '@troupe/agent-puppetca';
import { type Logger, openMqtt } from '@troupe/core';
import { type Daemon, loadDaemonConfig, startDaemon } from '@troupe/daemon';
import { type Faults, FaultyTransport, type Mishap } from '@troupe/testkit';
import type { MasterPlan } from './master-config.js';

/** Starts a master's daemon in this process, behind a wire that may be bad. */
export async function startMaster(
  plan: Pick<MasterPlan, 'folder'>,
  {
    log,
    faults,
    onMishap = () => undefined,
  }: {
    readonly log: Logger;
    readonly faults?: () => Faults;
    readonly onMishap?: (what: Mishap) => void;
  },
): Promise<Daemon> {
  const configFile = join(plan.folder, 'mcod.yaml');
  const config = { ...loadDaemonConfig(configFile), agents: [] };
  return startDaemon({
    config,
    configFile,
    log,
    agents: [puppetca],
    connect: ({ clientId, will, security }) => {
      const { credentials } = security;
      const transport = openMqtt({ ...config.broker, clientId, will, credentials, log });
      return faults ? new FaultyTransport(transport, faults, { onMishap }) : transport;
    },
  });
}
