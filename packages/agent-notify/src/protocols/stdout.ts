import { writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf, optionalSection } from '@troupe/core';
import { DeliveryError, RecipientError } from '../delivery-error.js';
import { onLine } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import type { Protocol, ProtocolKind } from './protocol.js';

// Not the stream, whose failure would end the daemon.
const write = promisify(writeFile);

const schema = optionalSection({ template: templateSchema });

/** A line on the standard output of the daemon, which logs on standard error: `stdout://NAME` for any NAME. */
export const stdout: ProtocolKind<typeof schema> = {
  schema,
  open: ({ template }): Protocol => {
    const layout = withTemplates(
      layoutOf('{{time}} {{recipient}} {{subject}}: {{message}}', onLine),
      template,
    );
    return {
      layout: (address) => {
        if (/^[\w.-]+$/.test(address)) return layout;
        throw new RecipientError(
          `Invalid stdout recipient ${JSON.stringify(address)}: use letters, digits, ".", "_" and "-"`,
        );
      },
      deliver: async ({ body }) => {
        try {
          await write(process.stdout.fd, `${body}\n`);
        } catch (cause) {
          throw new DeliveryError(`Cannot write to standard output: ${messageOf(cause)}`, { cause });
        }
      },
    };
  },
};
