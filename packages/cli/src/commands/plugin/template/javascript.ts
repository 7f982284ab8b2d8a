import { ddlText } from './ddl.js';
import { npmrc, packageText, readmeText, type Template } from './template.js';

/** An agent in JavaScript. */
export const javascript: Template = (options) => {
  const { name, description } = options;
  return {
    'package.json': {
      text: packageText(options, { exports: `./${name}.js`, scripts: { test: 'node --test' } }),
    },
    ...npmrc(options),
    [`${name}.json`]: { text: ddlText(options, false) },
    [`${name}.js`]: {
      text: `import { ActionError, defineAgent } from '@troupe/core';
import ddl from './${name}.json' with { type: 'json' };

/** ${description}. */
export default defineAgent(ddl, (config, host) => ({
  say: ({ text }, { log }) => {
    if (text === 'nothing') throw new ActionError('there is nothing to say');
    log.info({ text }, 'returning the text');
    return { said: text };
  },
}));
`,
    },
    [`${name}.test.js`]: { text: testText(`./${name}.js`) },
    'README.md': {
      text: readmeText(options, {
        files: `\`${name}.json\` is the interface, \`${name}.js\` the agent, \`${name}.test.js\` its test`,
        test: 'npm install && npm test',
        config: `agents: ['./${name}/${name}.js']`,
      }),
    },
  };
};

/** A test of the generated agent; TypeScript takes it as it is. */
export function testText(agent: string): string {
  return `import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tryAgent } from '@troupe/daemon/agents';
import agent from '${agent}';

it('returns the text that it gets', async () => {
  const trial = await tryAgent(agent);
  const { statuscode, data } = await trial.call('say', { text: 'hello' });
  assert.equal(statuscode, 0);
  assert.deepEqual(data, { said: 'hello' });
  await trial.close();
});

it('rejects invalid input', async () => {
  const trial = await tryAgent(agent);
  assert.equal((await trial.call('say', { text: 'nothing' })).statusmsg, 'there is nothing to say');
  assert.equal((await trial.call('say', {})).statuscode, 3);
  await trial.close();
});
`;
}
