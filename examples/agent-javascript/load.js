import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { ActionError, defineAgent, Status } from '@troupe/core';
import ddl from './load.json' with { type: 'json' };

/** Reports the load of a host. `plugins.load.most_times` limits how often `watch` may measure. */
export default defineAgent(ddl, (config, host) => {
  const mostTimes = Number(config.most_times ?? 100);
  const measure = () => Math.round((loadavg()[0] ?? 0) * 100) / 100;
  host.provideData('load', () => ({ one: measure(), processors: availableParallelism() }));

  return {
    average: () => {
      const [one, five] = loadavg();
      return { one, five, processors: availableParallelism() };
    },

    watch: async ({ times, pause: seconds }, { signal, progress }) => {
      if (times > mostTimes) {
        throw new ActionError(
          `times is too large: this node permits at most ${mostTimes} measurements`,
          Status.invalidData,
        );
      }
      let highest = 0;
      for (let time = 1; time <= times; time += 1) {
        const one = measure();
        highest = Math.max(highest, one);
        progress({ time, one });
        // The signal fires when the caller cancels or the action times out.
        if (time < times) await pause(seconds * 1000, undefined, { signal });
      }
      return { highest };
    },
  };
});
