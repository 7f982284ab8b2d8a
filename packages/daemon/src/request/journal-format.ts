import { sealLine, unseal, type Values } from '@troupe/core/internal';
import { anyCaller, type IdTimes, type RequestId } from './request-ids.js';

/** A request in the journal; its `ends` counts over all daemons of the node. */
export type JournalEntry = RequestId & IdTimes;

/** What a journal file contains. */
export interface JournalContents {
  /** Nothing in a file of the previous format, which had no first line of its own. */
  readonly generation: number | undefined;
  /** Everything that can be read, sound or not: an id too many harms nobody. */
  readonly entries: readonly (RequestId & Pick<IdTimes, 'until'> & Partial<IdTimes>)[];
  /** Sound lines after the first. */
  readonly lines: number;
  /** The checksum of the last line, from which the next one continues. */
  readonly sum: number;
  /** Whether bytes without a line end follow, as a power cut or a full disk leaves them. */
  readonly isTorn: boolean;
  /** What cannot have been written by a daemon. */
  readonly fault: string | undefined;
}

/** The first line of a journal. */
export function headerOf(generation: number): { readonly line: string; readonly sum: number } {
  return sealLine({ journal: 2, generation }, 0);
}

/** Reads a journal file of this format or the previous one. */
export function readJournal(bytes: Buffer): JournalContents {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const isTorn = end < bytes.length;
  const texts = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  const [first = ''] = texts;
  const header = unseal(first, 0);
  const isHeader = header.isSound && header.values.journal === 2;
  const generation = isHeader ? Number(header.values.generation) : undefined;
  return isHeader
    ? { generation, isTorn, ...readEntries(texts.slice(1), header.sum) }
    : { generation, isTorn, lines: 0, sum: 0, ...readPrevious(texts) };
}

function readEntries(texts: readonly string[], headerSum: number) {
  const entries: JournalContents['entries'][number][] = [];
  let fault: string | undefined;
  let lines = 0;
  let sum = headerSum;
  for (const [index, text] of texts.entries()) {
    const { values, isSound, sum: own } = unseal(text, sum);
    const { id, time, until, ends } = values;
    if (isSound) {
      entries.push({ caller: callerOf(values), id, time, until, ends } as JournalEntry);
      lines += 1;
    } else {
      fault ??= `line ${index + 2} does not match its checksum`;
      // Its caller may be what is damaged.
      if (isId(values)) entries.push({ caller: anyCaller, id: values.id, until: values.until });
    }
    sum = own;
  }
  return { entries, lines, sum, fault };
}

// The previous format wrote {"id":…,"until":…} alone, and after a line that a full disk tore, the next one.
function readPrevious(texts: readonly string[]): Pick<JournalContents, 'entries' | 'fault'> {
  const entries: JournalContents['entries'][number][] = [];
  let fault: string | undefined;
  for (const [index, text] of texts.entries()) {
    const { values } = unseal(text, 0);
    if (isId(values)) entries.push({ caller: anyCaller, id: values.id, until: values.until });
    else if (text !== '' && !isBeginning(text)) fault ??= `line ${index + 1} is not a line of a journal`;
  }
  return { entries, fault };
}

// Before ids belonged to their callers, lines named none.
function callerOf({ caller }: Values): string {
  return typeof caller === 'string' ? caller : anyCaller;
}

function isBeginning(text: string): boolean {
  return /^\{("(i(d(":?("[\da-f]*("(,("(u(n(t(i(l(":?\d*)?)?)?)?)?)?)?)?)?)?)?)?)?)?$/.test(text);
}

function isId(values: Values): values is { readonly id: string; readonly until: number } {
  return typeof values.id === 'string' && Number.isFinite(values.until);
}
