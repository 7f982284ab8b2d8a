import { parseArgs } from 'node:util';
import { codeOf, messageOf, withCode } from '../errors.js';
import { usageFailure } from '../text/usage-fault.js';
import { version } from '../version.js';
import { writeDdlTypes } from './ddl-types.js';

const usage = `Usage: troupe-ddl-types NAME.json...

Writes the TypeScript types of a DDL to NAME.d.json.ts.

      --version  print the version
  -h, --help     show this help
`;

function readArguments() {
  try {
    return parseArgs({
      options: {
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return misused(`${messageOf(error).split('\n', 1)[0]}`);
  }
}

function misused(reason: string): never {
  process.stderr.write(usageFailure('troupe-ddl-types', reason));
  process.exit(2);
}

function writeAll(files: readonly string[]): void {
  if (files.length === 0) misused('missing argument <file>');
  const other = files.find((file) => !file.endsWith('.json'));
  if (other !== undefined) misused(`${other} is not a .json file`);
  try {
    for (const file of files) writeDdlTypes(file);
  } catch (error) {
    process.stderr.write(`troupe-ddl-types: ${withCode(messageOf(error), codeOf(error))}\n`);
    process.exit(1);
  }
}

const { values, positionals } = readArguments();
if (values.help) process.stdout.write(usage);
else if (values.version) process.stdout.write(`troupe-ddl-types ${version}\n`);
else writeAll(positionals);
