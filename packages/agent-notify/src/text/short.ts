import { cut, oneLine } from '@troupe/core/internal';

const most = 300;

/** The first line of a message, for places that have room for no more. */
export function shortOf(message: string): string {
  const first = message.split('\n').find((line) => line.trim() !== '') ?? '';
  return cut(oneLine(first), most);
}
