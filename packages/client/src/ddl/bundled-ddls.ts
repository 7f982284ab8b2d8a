import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the DDLs that come with Troupe. */
export const bundledDdls = dirname(fileURLToPath(import.meta.resolve('@troupe/ddl/discovery.json')));
