import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Where the code that ajv writes finds the formats and the regular expressions of the host that it is given.
const prelude = (code) => `module.exports = (host) => {
  const exports = {};
  ${code}
  return exports;
};`;

/**
 * A plugin of esbuild that puts in the place of `made-schemas.cjs` of @troupe/core what ajv makes of the schemas of our
 * own, each under the name by which `schema.ts` looks for it: to make it takes longer than the rest of a start.
 */
export function madeSchemas(root) {
  const home = join(root, 'packages/core');
  return {
    name: 'made schemas',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^troupe:schemas\// }, ({ path }) => ({ path, namespace: 'troupe' }));
      let own;
      const schemas = () => (own ??= ownSchemas(root));
      onLoad({ filter: /\/made-schemas\.cjs$/ }, async () => {
        const made = Object.keys(await schemas()).map(
          (use) => `'${use}': (host) => require('troupe:schemas/${use}')(host)`,
        );
        return { contents: `module.exports = { ${made.join(', ')} };`, loader: 'js' };
      });
      onLoad({ filter: /./, namespace: 'troupe' }, async ({ path }) => ({
        contents: await written(root, path.split('/')[1], await schemas()),
        resolveDir: home,
        loader: 'js',
      }));
    },
  };
}

/** The text of a CommonJS module that has what ajv makes of the schemas of a use, of those that `ownSchemas` gives. */
export async function written(root, use, schemas) {
  const home = join(root, 'packages/core');
  const { list, host } = schemas[use];
  const { ajvOptions, schemaKey } = await compiled(root, 'core/dist/src/schema.js');
  const { Ajv, _, standalone } = packageOf(home);
  const { code, ...options } = ajvOptions(use, host);
  const ajv = new Ajv({ ...options, code: { ...code, source: true, formats: _`host.formats` } });
  const byKey = new Map(list.map((schema) => [schemaKey(use, schema, host), schema]));
  for (const [key, schema] of byKey) ajv.addSchema({ ...schema }, key);
  return prelude(standalone(ajv, Object.fromEntries([...byKey.keys()].map((key) => [key, key]))));
}

/**
 * The schemas of our own by use, and what they need of their surroundings. Of configurations those of the programs that
 * start most often and of the agent that most nodes have: those of all agents would be 360 kB more, which takes `mcod`
 * 11 ms to load. What is not here is compiled where it is used.
 */
export async function ownSchemas(root) {
  const { daemonSchema } = await compiled(root, 'daemon/dist/src/config.js');
  const { clientSchema } = await compiled(root, 'client/dist/src/config.js');
  const { puppetdSchema } = await compiled(root, 'agent-puppetd/dist/src/config.js');
  const { puppetSchema } = await compiled(root, 'agent-puppetd/dist/src/puppet/config.js');
  const { messageSchemas } = await compiled(root, 'core/dist/src/message/schemas.js');
  const { configHost } = await compiled(root, 'core/dist/src/config/load.js');
  const { ddlHost, ddlSchemas } = await compiled(root, 'core/dist/src/ddl/schema.js');
  const { inputSchema } = await compiled(root, 'core/dist/src/ddl/input-schema.js');
  const { builtInValidators } = await compiled(root, 'core/dist/src/ddl/validator.js');
  const { compileRegex } = await compiled(root, 'core/dist/src/filter/regex.js');
  const ddls = join(root, 'ddl');
  const inputs = readdirSync(ddls)
    .filter((file) => file.endsWith('.json') && file !== 'package.json')
    .flatMap((file) => JSON.parse(readFileSync(join(ddls, file), 'utf8')).actions.map(inputSchema))
    .filter(({ properties }) =>
      Object.values(properties).every(
        ({ format }) => format === undefined || Object.hasOwn(builtInValidators, format),
      ),
    );
  const always = () => true;
  return {
    config: {
      list: [daemonSchema, clientSchema, puppetdSchema, puppetSchema],
      host: configHost,
    },
    message: { list: Object.values(messageSchemas), host: {} },
    ddl: { list: Object.values(ddlSchemas), host: ddlHost },
    input: {
      list: inputs,
      host: {
        formats: Object.fromEntries(Object.keys(builtInValidators).map((name) => [name, always])),
        regExp: compileRegex,
      },
    },
  };
}

const compiled = (root, path) => import(pathToFileURL(join(root, 'packages', path)).href);

// The package itself: what writes the code down knows only the parts of its own copy.
function packageOf(home) {
  const require = createRequire(join(home, 'package.json'));
  return { ...require('ajv'), standalone: require('ajv/dist/standalone').default };
}
