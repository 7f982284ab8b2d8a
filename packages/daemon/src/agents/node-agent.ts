import { type Agent, defineAgent } from '@troupe/core';
import type { PauseFile } from '@troupe/core/internal';
import ddl from '@troupe/ddl/node.json' with { type: 'json' };

/** The agent that pauses the node. `onChange` is called when a pause began or ended. */
export function nodeAgent(pause: PauseFile, onChange: () => void): Agent {
  const state = () => {
    const { by, since, reason } = pause.read() ?? { by: '', since: '', reason: '' };
    return { paused: pause.read() !== undefined, by, since, reason };
  };
  return defineAgent(ddl, () => ({
    state,
    pause: ({ reason }, { caller, statusmsg, log }) => {
      if (pause.begin(caller, reason ?? '')) {
        log.warn({ reason }, 'the node is paused');
        onChange();
      } else statusmsg('the node was paused already; the earlier pause stays in force');
      return state();
    },
    resume: (_, { log }) => {
      const was_paused = pause.end();
      if (was_paused) {
        log.warn('the node is resumed');
        onChange();
      }
      return { paused: false, was_paused };
    },
  }));
}
