import { createHash } from 'node:crypto';
import { root } from '../setup.mjs';

/** Replaces what differs from run to run and says nothing: folders, ports, process ids, request ids, days. */
export function stabilizer({ folder, port }) {
  const ids = new Map();
  const idOf = (id) => {
    if (!ids.has(id)) ids.set(id, createHash('md5').update(`request ${ids.size}`).digest('hex'));
    return ids.get(id);
  };
  return (text) =>
    text
      .replaceAll(`${folder}/home/work/`, '')
      .replaceAll(`${folder}/home`, '~')
      .replaceAll(folder, '/srv/troupe')
      .replaceAll(root, '/opt/troupe')
      .replaceAll(`127.0.0.1:${port}`, 'broker.example.net:8883')
      .replace(/\b[0-9a-f]{32}\b/g, idOf)
      .replace(/\b(process|Process ID:) \d+/g, '$1 4711');
}
