import { ddlTypes } from '@troupe/core/internal';
import { ddlText } from './ddl.js';
import { testText } from './javascript.js';
import { npmrc, packageText, readmeText, type Template } from './template.js';

/** An agent in TypeScript, its inputs and outputs typed from the DDL. */
export const typescript: Template = (options) => {
  const { name, description } = options;
  const ddl = ddlText(options, false);
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    rootDir: '.',
    outDir: 'dist',
    strict: true,
    allowArbitraryExtensions: true,
    resolveJsonModule: true,
    skipLibCheck: true,
  };
  return {
    'package.json': {
      text: packageText(options, {
        exports: './dist/src/index.js',
        imports: { '#ddl': `./${name}.json` },
        scripts: {
          build: `troupe-ddl-types ${name}.json && tsc`,
          test: `npm run build && node --test dist/test/${name}.test.js`,
        },
        devDependencies: { '@types/node': '^24.0.0', typescript: '^7.0.2' },
      }),
    },
    'tsconfig.json': {
      text: `${JSON.stringify({ compilerOptions, include: ['src', 'test'] }, null, 2)}\n`,
    },
    '.gitignore': { text: 'node_modules/\ndist/\n' },
    ...npmrc(options),
    [`${name}.json`]: { text: ddl },
    [`${name}.d.json.ts`]: { text: ddlTypes(ddl, `${name}.json`) },
    'src/index.ts': {
      text: `import { ActionError, defineAgent } from '@troupe/core';
import ddl from '#ddl' with { type: 'json' };

/** ${description}. */
export default defineAgent(ddl, () => ({
  say: ({ text }, { log }) => {
    if (text === 'nothing') throw new ActionError('there is nothing to say');
    log.info({ text }, 'returning the text');
    return { said: text };
  },
}));
`,
    },
    [`test/${name}.test.ts`]: { text: testText('../src/index.js') },
    'README.md': {
      text: readmeText(options, {
        files: `\`${name}.json\` is the interface, \`src/index.ts\` the agent, \`test/${name}.test.ts\` its test; \`npm run build\` also writes the types of the interface`,
        test: 'npm install && npm test',
        config: `agents: ['./${name}/dist/src/index.js']`,
      }),
    },
  };
};
