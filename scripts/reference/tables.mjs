import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';
import { configTable } from './config-table.mjs';

const compiled = (path) => import(pathToFileURL(join(root, 'packages', path)).href);

/** The configurations of programs and agents: the name in the comment before a table, the page that it is on, the schema. */
export async function configurations() {
  const { daemonSchema } = await compiled('daemon/dist/src/config.js');
  const { clientSchema } = await compiled('client/dist/src/config.js');
  const { brokerSchema } = await compiled('broker/dist/src/config.js');
  const { notifySchema } = await compiled('agent-notify/dist/src/config.js');
  const { puppetdSchema } = await compiled('agent-puppetd/dist/src/config.js');
  const { puppetcaSchemas } = await compiled('agent-puppetca/dist/src/config.js');
  const { provisionSchema } = await compiled('agent-provision/dist/src/config.js');
  const { provisionerSchema } = await compiled('provisioner/dist/src/config/schema.js');
  const { provisionerAgentSchema } = await compiled('provisioner/dist/src/agent/index.js');
  return [
    { name: 'mcod', page: 'mcod.md', schema: daemonSchema },
    { name: 'client', page: 'client.md', schema: clientSchema },
    { name: 'troupe-broker', page: 'broker.md', schema: brokerSchema },
    { name: 'notify', page: 'notify.md', schema: notifySchema },
    { name: 'puppetd', page: 'puppet.md', schema: puppetdSchema },
    ...Object.entries(puppetcaSchemas).map(([backend, schema]) => ({
      name: `puppetca ${backend}`,
      page: 'puppet.md',
      schema,
    })),
    { name: 'mcprovision', page: 'provisioner.md', schema: withOneStep(provisionerSchema) },
    { name: 'provision', page: 'provisioner.md', schema: provisionSchema },
    { name: 'provisioner', page: 'provisioner.md', schema: provisionerAgentSchema },
  ].map((each) => ({ ...each, page: join('docs/reference', each.page) }));
}

// Each step has the same keys: one stands for all.
function withOneStep(schema) {
  const { steps, step_settings } = schema.properties;
  const step = Object.values(steps.properties).find(({ properties }) => properties);
  const settings = Object.values(step_settings.properties);
  const keys = Object.assign({}, ...settings.map(({ properties }) => properties));
  const one = {
    steps: { ...steps, properties: { STEP: step } },
    step_settings: { ...step_settings, properties: { STEP: { ...settings[0], properties: keys } } },
  };
  return { ...schema, properties: { ...schema.properties, ...one } };
}

/** The pages with tables of configurations, as they are and as they must be. */
export async function pages() {
  const made = new Map();
  for (const { name, page, schema } of await configurations()) {
    const text = made.get(page) ?? readFileSync(join(root, page), 'utf8');
    made.set(page, withTable(text, name, configTable(schema)));
  }
  return made;
}

function withTable(text, name, table) {
  const begin = `<!-- made by scripts/reference.mjs: ${name} -->\n`;
  const end = '<!-- end -->\n';
  const at = text.indexOf(begin);
  if (at === -1) throw new Error(`comment "${begin.trim()}" not found`);
  const from = at + begin.length;
  return `${text.slice(0, from)}\n${table}\n${text.slice(text.indexOf(end, from))}`;
}
