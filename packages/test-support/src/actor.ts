import { fileURLToPath } from 'node:url';

/** An external agent that does what its input says. */
export const actorProgram = fileURLToPath(new URL('../../fixtures/actor', import.meta.url));

/** The DDL of an agent that has these actions, as JSON. */
export function actorDdl<Action extends object>(
  name: string,
  actions: Readonly<Record<string, Action>>,
  version = '1.0.0',
) {
  return {
    metadata: {
      name,
      description: 'For tests',
      author: 'x',
      license: 'Apache-2.0',
      version,
      url: 'https://example.net',
      timeout: 20,
      provider: 'external',
    },
    actions: Object.entries(actions).map(([action, more]) => ({
      action,
      description: action,
      mutating: false,
      input: {},
      output: { out: { description: 'The text that it returns', display_as: 'Out' } },
      ...more,
    })),
  };
}
