import type { Result } from '@troupe/client';
import { ProgressBar } from '../terminal/progress-bar.js';
import type { Setting } from './setting.js';

/** Shows results as they come, under a progress bar on a terminal. */
export async function follow(
  { screen, presenter, options }: Pick<Setting, 'screen' | 'presenter' | 'options'>,
  call: AsyncIterable<Result>,
  total: () => number,
): Promise<readonly Result[]> {
  const isBar = presenter.isForPeople && ProgressBar.isWanted(screen, options);
  const bar = isBar ? new ProgressBar(screen, total) : undefined;
  bar?.start();
  const results: Result[] = [];
  try {
    for await (const result of call) {
      results.push(result);
      presenter.result(result);
      bar?.add();
    }
  } finally {
    bar?.stop();
  }
  return results;
}
