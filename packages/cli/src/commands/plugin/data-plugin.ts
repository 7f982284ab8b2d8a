import { dataDdlFiles } from '@troupe/client';
import { type DataDdl, parseDataDdl, suggestion, TroupeError } from '@troupe/core';
import { rowLines } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';
import type { Shell } from '../../command-line/shell.js';
import { clientConfigIfAny } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { dataDoc } from '../../output/data-doc.js';
import type { PluginOptions } from './plugin.js';

/** Lists the data plugins with a local DDL. */
export async function listData({ screen }: Shell, options: PluginOptions): Promise<ExitCode> {
  const files = await filesOf(options);
  const ddls = await Promise.all(
    [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => read(file)),
  );
  if (screen.json) {
    for (const { metadata } of ddls) screen.json.result(metadata);
    return ExitCode.ok;
  }
  const rows = ddls.map(({ metadata: { name, version, description } }) => [name, version, description]);
  for (const line of rowLines(rows, { width: screen.rowWidth, margin: 3 })) screen.print(line);
  return ExitCode.ok;
}

/** Prints the page of a data plugin. Throws DDL_UNKNOWN. */
export async function documentData(
  { screen }: Shell,
  name: string,
  options: PluginOptions,
): Promise<ExitCode> {
  const files = await filesOf(options);
  const file = files.get(name);
  if (file === undefined) {
    const here = `no DDL for the data plugin "${name}" on this machine`;
    throw new TroupeError(
      'DDL_UNKNOWN',
      `${here}${suggestion(name, files.keys())}; mco plugin list --data lists them`,
    );
  }
  const ddl = await read(file);
  if (screen.json) screen.json.result(ddl);
  else screen.print(dataDoc(ddl, screen.width));
  return ExitCode.ok;
}

function filesOf(options: PluginOptions): Promise<ReadonlyMap<string, string>> {
  return dataDdlFiles(clientConfigIfAny(options)?.ddl_dirs ?? []);
}

async function read(file: string): Promise<DataDdl> {
  return parseDataDdl((await readRegularFile(file)).toString('utf8'), file);
}
