import type { PuppetSystem } from '@troupe/agent-puppetd/puppet';
import type { Play } from './play.js';
import type { Players } from './players.js';

/** A Puppet without a process: its settings are the paths of the host, its runs are played. */
export function emulatedPuppet(
  players: Players,
  run: (folder: string, command: readonly string[]) => Play,
): PuppetSystem {
  return {
    settings: async () => run('', []).paths.puppet,
    ready: ({ folder, command }) => players.ready(run(folder, command)),
  };
}
