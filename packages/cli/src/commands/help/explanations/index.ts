import type { AnyCode } from '@troupe/core/internal';
import { commandLine } from './command-line.js';
import { connection } from './connection.js';
import { endings } from './endings.js';
import type { Explanation } from './explanation.js';
import { files } from './files.js';
import { nodes } from './nodes.js';
import { trust } from './trust.js';

export type { Explanation } from './explanation.js';

/** Every code of an error. One without an explanation does not compile, nor does an explanation without a code. */
export const explanations: Readonly<Record<AnyCode, Explanation>> = {
  ...commandLine,
  ...files,
  ...connection,
  ...trust,
  ...nodes,
};

/** A part of the list of codes. */
export interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** One explanation, and what people call the thing. */
export interface Entry {
  /** The code, or the word that `mco` shows for how a node's part ended. */
  readonly name: string;
  /** What else it is asked for by. */
  readonly aliases: readonly string[];
  readonly explanation: Explanation;
}

/** All explanations in the order in which they are listed. */
export function sections(): readonly Section[] {
  return [
    section('The command line', commandLine),
    section('Files and configuration', files),
    section('The connection to the broker', connection),
    section('Certificates, policies and messages', trust),
    section('Nodes, and the rest', nodes),
    {
      title: 'How the part of a node ended',
      entries: endings().map(({ names: [name = '', ...aliases], explanation }) => ({
        name,
        aliases,
        explanation,
      })),
    },
  ];
}

function section(title: string, group: Readonly<Record<string, Explanation>>): Section {
  return {
    title,
    entries: Object.entries(group).map(([name, explanation]) => ({ name, aliases: [], explanation })),
  };
}

/** The explanation that is asked for: `not_connected`, `[NOT_CONNECTED]`, `no-reply`, `No Reply`. */
export function entryOf(words: string): Entry | undefined {
  const wanted = plainName(words);
  return allEntries().find(({ name, aliases }) =>
    [name, ...aliases].some((one) => plainName(one) === wanted),
  );
}

/** What can be asked for, as a near miss may mean it. */
export function entryNames(): readonly string[] {
  return allEntries().map(({ name }) => name);
}

/** A name without what people may write otherwise. */
export function plainName(name: string): string {
  return name
    .replace(/^\[|\]$/g, '')
    .toUpperCase()
    .replace(/[\s-]+/g, '_');
}

function allEntries(): readonly Entry[] {
  return sections().flatMap(({ entries }) => entries);
}
