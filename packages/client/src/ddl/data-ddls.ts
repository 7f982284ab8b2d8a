import { readdir } from 'node:fs/promises';
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
import { readRegularFile } from '@troupe/core/regular-file';
import { bundledDdls } from './bundled-ddls.js';

/** Errors and warnings about the data functions of a filter. */
export interface DataVerdict {
  readonly faults: readonly string[];
  /** Data plugins without a DDL on this machine: they can exist on the nodes. */
  readonly warnings: readonly string[];
}

/**
 * Checks the data functions of a filter against the DDLs of data plugins on this machine, before a request is sent:
 * those of Troupe, and `data/NAME.json` in the configured folders.
 */
export async function judgeData(
  { compound }: Pick<Filter, 'compound'>,
  configured: readonly string[],
): Promise<DataVerdict> {
  const operands = compound.flatMap((expression) => dataOperands(expression));
  if (operands.length === 0) return { faults: [], warnings: [] };
  const files = await dataDdlFiles(configured);
  const known = new Map<string, CompiledData>();
  const warnings: string[] = [];
  const isChecked = async ({ name }: DataOperand) => {
    const file = files.get(name);
    if (file === undefined) {
      warnings.push(
        `no DDL for the data plugin "${name}" on this machine${suggestion(name, files.keys())}; each node checks the query itself`,
      );
      return false;
    }
    try {
      const ddl = parseDataDdl((await readRegularFile(file)).toString('utf8'), file);
      known.set(name, compileDataDdl(ddl, { unknownValidators: 'skip' }));
      return true;
    } catch (error) {
      warnings.push(messageOf(error));
      return false;
    }
  };
  const checked: DataOperand[] = [];
  for (const operand of operands)
    if (known.has(operand.name) || (await isChecked(operand))) checked.push(operand);
  return { faults: dataFaults(checked, known), warnings: [...new Set(warnings)] };
}

/** The DDLs of data plugins on this machine, by plugin: the configured folders take precedence over Troupe. */
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
