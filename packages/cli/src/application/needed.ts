import { withCode } from '@troupe/core/internal';
import type { CommandEntry } from '../command-line/shell.js';
import { UsageError } from '../failure.js';
import type { Screen } from '../terminal/screen.js';

// Commands that say what commands there are.
const listing = ['help', 'completion'];

/**
 * The commands of configured packages, where a command line needs them: it lists commands, or names one that mco does
 * not have. Everything else, and above all `mco --version`, loads none of them.
 */
export async function neededApplications(
  argv: readonly string[],
  known: readonly CommandEntry[],
  screen: Screen,
): Promise<readonly CommandEntry[]> {
  const { word, config, isVersion } = firstWord(argv);
  const isListing = word === undefined || listing.includes(word);
  const isKnown = known.some(({ name, aliases = [] }) => name === word || aliases.includes(word ?? ''));
  if (isVersion || (isKnown && !isListing)) return [];
  const [{ configuredApplications }, { clientConfigIfAny }] = await Promise.all([
    import('./configured.js'),
    import('../config/client-config.js'),
  ]);
  try {
    if (clientConfigIfAny({ ...(config === undefined ? {} : { config }) }) === undefined) return [];
  } catch (error) {
    // Help is needed most where something is wrong.
    if (isListing) return [];
    throw error;
  }
  const { entries, faults } = await configuredApplications(config, known);
  const [fault] = faults;
  if (fault && isListing && word !== 'completion')
    for (const { message, code } of faults) screen.warn(`mco: ${withCode(message, code)}`);
  if (fault && !isListing && !entries.some(({ name }) => name === word)) throw new UsageError(fault.message);
  return entries;
}

// As far as options that stand before the command go: one of them takes a value.
function firstWord(argv: readonly string[]) {
  let config: string | undefined;
  let word: string | undefined;
  let isVersion = false;
  for (const [index, arg] of argv.entries()) {
    const isValue = index > 0 && /^(-c|--config)$/.test(argv[index - 1] ?? '');
    if (isValue) config = arg;
    else if (arg.startsWith('--config=')) config = arg.slice('--config='.length);
    else if (arg === '--version') isVersion ||= word === undefined;
    else if (!arg.startsWith('-')) word ??= arg;
  }
  return { word, config, isVersion };
}
