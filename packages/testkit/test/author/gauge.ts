/** The DDL of an agent that reads instruments. */
export const gauge = {
  metadata: {
    name: 'gauge',
    description: 'Reads instruments',
    author: 'Test',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 5,
  },
  actions: [
    {
      action: 'read',
      description: 'Reads one instrument',
      mutating: false,
      input: {
        name: {
          prompt: 'Name',
          description: 'Which instrument',
          type: 'string',
          validation: '^[a-z]+$',
          maxlength: 20,
          optional: true,
        },
      },
      output: {
        value: { description: 'What it shows', display_as: 'Value', type: 'number' },
        unit: { description: 'In what unit', display_as: 'Unit', type: 'string', default: 'K' },
      },
    },
    {
      action: 'watch',
      description: 'Reads until it is cancelled',
      mutating: false,
      timeout: 60,
      input: {},
      output: {},
    },
  ],
} as const;
