import { readRegularFileSync } from './regular-file.js';

/** A line of /etc/passwd or /etc/group, by its colons. */
type Line = readonly string[];

/** The name of a user, or its number where this machine has none. */
export function userName(uid: number): string {
  return linesOf('/etc/passwd').find((line) => line[2] === `${uid}`)?.[0] ?? `${uid}`;
}

/** The name of a group, or its number where this machine has none. */
export function groupName(gid: number): string {
  return linesOf('/etc/group').find((line) => line[2] === `${gid}`)?.[0] ?? `${gid}`;
}

/** Whether a group is that of one user alone, as `useradd` makes one for each. */
export function isPrivateGroup(gid: number, uid: number): boolean {
  return isPrivate(gid, uid, linesOf('/etc/passwd'), linesOf('/etc/group'));
}

/** The same, of these accounts. */
export function isPrivate(
  gid: number,
  uid: number,
  users: readonly Line[],
  groups: readonly Line[],
): boolean {
  const user = users.find((line) => line[2] === `${uid}`);
  const group = groups.find((line) => line[2] === `${gid}`);
  if (!user || !group || user[3] !== `${gid}`) return false;
  const members = (group[3] ?? '').split(',').filter((name) => name !== '');
  const others = users.filter((line) => line[3] === `${gid}` && line[2] !== `${uid}`);
  return others.length === 0 && members.every((name) => name === user[0]);
}

function linesOf(file: string): Line[] {
  try {
    const text = readRegularFileSync(file).toString('utf8');
    return text.split('\n').map((line) => line.split(':'));
  } catch {
    return [];
  }
}
