import { messageOf } from '../errors.js';
import { writeDdlTypes } from './ddl-types.js';

const files = process.argv.slice(2);
if (files.length === 0 || files.some((file) => !file.endsWith('.json'))) {
  process.stderr.write(
    'Usage: troupe-ddl-types NAME.json...\n\nWrites NAME.d.json.ts, the types of a DDL.\n',
  );
  process.exit(2);
}
try {
  for (const file of files) writeDdlTypes(file);
} catch (error) {
  process.stderr.write(`troupe-ddl-types: ${messageOf(error)}\n`);
  process.exit(1);
}
