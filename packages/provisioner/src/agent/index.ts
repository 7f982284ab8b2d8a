import { type AgentConfig, checkConfig, defineAgent, messageOf, section } from '@troupe/core';
import { PauseFile } from '@troupe/core/internal';
import ddl from '@troupe/ddl/provisioner.json' with { type: 'json' };
import { defaultPauseFile, defaultStatusUrl } from '../config/defaults.js';
import type { StatusPage } from '../monitoring/status-page.js';

/** The JSON Schema of the agent's section. */
export const provisionerAgentSchema = section({
  pause_file: {
    type: 'string',
    pattern: '^/',
    default: defaultPauseFile,
    description: 'The `pause_file` of the provisioner on this host.',
  },
  status_url: {
    type: 'string',
    pattern: '^http://(127\\.|localhost|\\[::1\\])',
    default: defaultStatusUrl,
    description: 'URL of the status page of the provisioner on this host.',
  },
});

const nothing = {
  nodes: [],
  masters_away: [],
  debts: [],
  debts_total: 0,
  notifications: null,
  arrivals: [],
  arrivals_total: 0,
};

/** Milliseconds to wait for the status page of a provisioner on the same host. */
const patience = 2000;

/** Lets people on the network pause and watch the provisioner that runs on this host. */
export default defineAgent(ddl, (given: AgentConfig, host) => {
  const config = checkConfig(given, provisionerAgentSchema, 'plugins.provisioner');
  const pauses = new PauseFile(config.pause_file);
  host.provideData('provisioner', () => ({ paused: pauses.read() !== undefined }));
  return {
    status: async () => {
      const pause = pauses.read();
      const paused = { paused: pause !== undefined, by: pause?.by ?? null, since: pause?.since ?? null };
      try {
        const answer = await fetch(config.status_url, { signal: AbortSignal.timeout(patience) });
        if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
        const page = (await answer.json()) as StatusPage;
        const { owner, debts_total = 0, arrivals_total = 0 } = page;
        const lists = {
          nodes: [...page.nodes],
          masters_away: [...(page.masters_away ?? [])],
          debts: [...(page.debts ?? [])],
          notifications: page.notifications ?? null,
          arrivals: [...(page.arrivals ?? [])],
        };
        return {
          running: true,
          ...paused,
          reason: pause?.reason ?? null,
          owner,
          ...lists,
          debts_total,
          arrivals_total,
        };
      } catch (error) {
        const reason = `cannot read ${config.status_url}: ${messageOf(error)}`;
        return { running: false, ...paused, reason: pause?.reason ?? reason, owner: null, ...nothing };
      }
    },
    pause: ({ reason }, { caller, log }) => {
      const changed = pauses.begin(caller, reason ?? '');
      log.info({ caller, reason, changed }, 'provisioning paused');
      return { paused: true, since: pauses.read()?.since ?? '', changed };
    },
    resume: (_, { caller, log }) => {
      const changed = pauses.end();
      log.info({ caller, changed }, 'provisioning resumed');
      return { paused: false, changed };
    },
  };
});
