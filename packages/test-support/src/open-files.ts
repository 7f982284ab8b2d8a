import { existsSync, readdirSync, readlinkSync } from 'node:fs';

/** The files below a folder that this process holds open, sorted; nothing where the system does not tell. */
export function openFiles(folder: string): readonly string[] | undefined {
  if (!existsSync('/proc/self/fd')) return undefined;
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        // Such as the one with which the list was read.
        return [];
      }
    })
    .filter((file) => file.startsWith(`${folder}/`))
    .sort();
}
