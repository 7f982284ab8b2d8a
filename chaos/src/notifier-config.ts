import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateEcKeyPair } from '@troupe/core/pki';
import type { Site } from '@troupe/emulator';
import { useTestPki, writePolicies } from '@troupe/testkit';

/** Makes a host that delivers notifications to `url`; returns the file of its configuration. */
export async function makeNotifier(site: Site, name: string, url: string): Promise<string> {
  const folder = join(site.folder, 'notifiers', name);
  await mkdir(folder, { recursive: true });
  const pki = await useTestPki(join(site.folder, 'pki'));
  const own = await pki.issue(name, { keys: await generateEcKeyPair() });
  const file = join(folder, 'mcod.yaml');
  const config = {
    identity: name,
    broker: { urls: [site.brokerUrl] },
    security: { ca: site.siteCa, certificate: own.certificate, key: own.key },
    agents: ['@troupe/agent-notify'],
    plugins: {
      notify: {
        webhook: { endpoints: { witness: { url } }, timeout: 5 },
        spool: { first_delay: 0.5, max_delay: 2 },
      },
    },
    state_dir: join(folder, 'state'),
    authorization: { policies: writePolicies(folder, ['operator.mcollective']) },
    audit: { file: join(folder, 'audit.jsonl') },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 2));
  return file;
}
