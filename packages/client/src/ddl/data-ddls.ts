import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CompiledData,
  compileDataDdl,
  type DataOperand,
  dataFaults,
  dataOperands,
  type Filter,
  messageOf,
  parseDataDdl,
  suggestion,
} from '@troupe/core';
import { bundledDdls } from './bundled-ddls.js';

/** What is wrong with the data functions of a filter, and what may be. */
export interface DataVerdict {
  readonly faults: readonly string[];
  /** Plugins whose DDL is not here: a node may have one of its own. */
  readonly doubts: readonly string[];
}

/**
 * Judges the data functions of a filter by the DDLs of data plugins on this machine, before anybody is asked: those
 * that come with Troupe, and `data/NAME.json` in the configured folders.
 */
export async function judgeData(
  { compound }: Pick<Filter, 'compound'>,
  configured: readonly string[],
): Promise<DataVerdict> {
  const operands = compound.flatMap((expression) => dataOperands(expression));
  if (operands.length === 0) return { faults: [], doubts: [] };
  const files = await dataDdlFiles(configured);
  const known = new Map<string, CompiledData>();
  const doubts: string[] = [];
  const isJudged = async ({ name }: DataOperand) => {
    const file = files.get(name);
    if (file === undefined) {
      doubts.push(
        `no DDL for the data plugin "${name}" on this machine${suggestion(name, files.keys())}; each node checks the query itself`,
      );
      return false;
    }
    try {
      const ddl = parseDataDdl(await readFile(file, 'utf8'), file);
      known.set(name, compileDataDdl(ddl, { unknownValidators: 'skip' }));
      return true;
    } catch (error) {
      doubts.push(messageOf(error));
      return false;
    }
  };
  const judged: DataOperand[] = [];
  for (const operand of operands)
    if (known.has(operand.name) || (await isJudged(operand))) judged.push(operand);
  return { faults: dataFaults(judged, known), doubts: [...new Set(doubts)] };
}

/** The DDLs of data plugins on this machine, by plugin: those of the configured folders before those that come with Troupe. */
export async function dataDdlFiles(configured: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const folder of [...configured, bundledDdls].map((parent) => join(parent, 'data'))) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const plugin = /^([a-z][a-z0-9_]*)\.json$/.exec(name)?.[1];
      if (plugin !== undefined && !files.has(plugin)) files.set(plugin, join(folder, name));
    }
  }
  return files;
}
