import type { Display, OutputOptions } from '../command-line/options.js';
import type { Presenter, View } from './presenter.js';

/** The presenter that the options ask for. */
export async function presenterOf(
  options: OutputOptions,
  given: Omit<View, 'options' | 'display'>,
): Promise<Presenter> {
  const view = { ...given, options, display: displayOf(options, given) };
  const { json } = given.screen;
  if (options.senders) return new (await import('./senders.js')).SendersPresenter(view);
  if (json) return new (await import('./json-replies.js')).JsonPresenter(view, json);
  if (options.table) return new (await import('./table.js')).TablePresenter(view);
  return new (await import('./text.js')).TextPresenter(view);
}

// Programs get every reply unless --display is given; people get what the DDL specifies.
function displayOf(options: OutputOptions, { screen, ddl }: Pick<View, 'screen' | 'ddl'>): Display {
  if (options.display !== undefined) return options.display;
  if (screen.json || options.senders || options.table || screen.isVerbose) return 'all';
  return ddl?.display === 'always' ? 'all' : (ddl?.display ?? 'failed');
}
