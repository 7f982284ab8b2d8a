/** The limits of a {@link BoundedMap}. */
export interface Bounds<K, V> {
  /** Entries. */
  readonly most: number;
  /** Bytes of all entries, as `bytesOf` counts them. */
  readonly mostBytes?: number;
  readonly bytesOf?: (value: V, key: K) => number;
  /** Who filled an entry; without it, all entries have one owner. */
  readonly ownerOf?: (value: V, key: K) => string;
  /** Is called for each entry that had to go. */
  readonly onEvict?: (key: K, value: V) => void;
}

interface Entry<V> {
  readonly value: V;
  readonly owner: string;
  readonly bytes: number;
}

/**
 * A map of what peers fill, with limits. If there is too much, the owner that takes most loses the entry that was unused
 * for the longest time: no peer can push out what is kept of one that takes less.
 */
export class BoundedMap<K, V> {
  readonly #bounds: Bounds<K, V>;
  // The entry unused for the longest time is first.
  // no peer fills this: this is the bound; each user declares what is in it
  readonly #entries = new Map<K, Entry<V>>();
  // no peer fills this: an owner is removed with its last entry
  readonly #owners = new Map<string, { readonly keys: Set<K>; bytes: number }>();
  /** Owners by the number of their entries, so that the one with the most is found at once. */
  // no peer fills this: it holds the owners once more
  readonly #byCount: Set<string>[] = [];
  /** The last one of the entries, and of its owner: often the same is used many times in a row. */
  #newest: K | undefined;
  #largest = 0;
  #bytes = 0;

  constructor(bounds: Bounds<K, V>) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Does not count as use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Counts as use: the entry goes after the others of its owner. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (key === this.#newest) return entry.value;
    this.#newest = key;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const own = this.#owners.get(entry.owner);
    own?.keys.delete(key);
    own?.keys.add(key);
    const equals = own && this.#byCount[own.keys.size];
    equals?.delete(entry.owner);
    equals?.add(entry.owner);
    return entry.value;
  }

  set(key: K, value: V): void {
    const { most, mostBytes = Number.POSITIVE_INFINITY, bytesOf, ownerOf } = this.#bounds;
    const owner = ownerOf?.(value, key) ?? '';
    const bytes = bytesOf?.(value, key) ?? 0;
    const before = this.#entries.get(key);
    if (before?.owner === owner && before.bytes === bytes) {
      this.get(key);
      this.#entries.set(key, { value, owner, bytes });
      return;
    }
    this.delete(key);
    const own = this.#owners.get(owner) ?? { keys: new Set<K>(), bytes: 0 };
    this.#owners.set(owner, own);
    this.#entries.set(key, { value, owner, bytes });
    this.#newest = key;
    own.keys.add(key);
    own.bytes += bytes;
    this.#bytes += bytes;
    this.#count(owner, own.keys.size - 1, own.keys.size);
    while (this.#entries.size > most) this.#evict(this.#withMost());
    while (this.#bytes > mostBytes) this.#evict(this.#withMostBytes());
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const { owner, bytes } = entry;
    this.#entries.delete(key);
    this.#bytes -= bytes;
    const own = this.#owners.get(owner);
    if (!own) return true;
    own.keys.delete(key);
    own.bytes -= bytes;
    this.#count(owner, own.keys.size + 1, own.keys.size);
    if (own.keys.size === 0) this.#owners.delete(owner);
    return true;
  }

  /** The entries of an owner, the one unused for the longest time first. */
  *ofOwner(owner: string): IterableIterator<V> {
    for (const key of this.#owners.get(owner)?.keys ?? []) {
      const entry = this.#entries.get(key);
      if (entry) yield entry.value;
    }
  }

  /** The one unused for the longest time first. */
  *values(): IterableIterator<V> {
    for (const { value } of this.#entries.values()) yield value;
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  #count(owner: string, before: number, after: number): void {
    this.#byCount[before]?.delete(owner);
    if (after > 0) {
      const equals = this.#byCount[after] ?? new Set();
      this.#byCount[after] = equals;
      equals.add(owner);
    }
    this.#largest = Math.max(this.#largest, after);
    while (this.#largest > 0 && !this.#byCount[this.#largest]?.size) {
      this.#byCount.length = this.#largest;
      this.#largest -= 1;
    }
  }

  #withMost(): string {
    const [owner = ''] = this.#byCount[this.#largest] ?? [];
    return owner;
  }

  #withMostBytes(): string {
    let found = '';
    let most = -1;
    for (const [owner, { bytes }] of this.#owners) {
      if (bytes <= most) continue;
      found = owner;
      most = bytes;
    }
    return found;
  }

  #evict(owner: string): void {
    const [key] = this.#owners.get(owner)?.keys ?? [];
    const value = this.#entries.get(key as K)?.value;
    this.delete(key as K);
    this.#bounds.onEvict?.(key as K, value as V);
  }
}
