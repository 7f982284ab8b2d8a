import type { TemplateOptions } from './template.js';

/** The DDL of a generated agent, as text. */
export function ddlText(options: TemplateOptions, external: boolean): string {
  const { name, description, author, license } = options;
  const ddl = {
    metadata: {
      name,
      description,
      author,
      license,
      version: '0.1.0',
      url: `https://example.net/${name}`,
      timeout: 10,
      ...(external && { provider: 'external' }),
    },
    actions: [
      {
        action: 'say',
        description: 'Returns the text that it gets',
        display: 'always',
        mutating: false,
        input: {
          text: {
            prompt: 'Text',
            description: 'The text to return',
            type: 'string',
            optional: false,
            validation: '.+',
            maxlength: 80,
          },
        },
        output: { said: { description: 'The text of the request', display_as: 'Said', type: 'string' } },
      },
    ],
  };
  return `${JSON.stringify(ddl, null, 2)}\n`;
}
