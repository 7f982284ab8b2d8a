/** What became of a message that was sent. */
export type Outcome =
  | { readonly state: 'delivered'; readonly isRepeat: boolean }
  | { readonly state: 'waiting'; readonly reason: string; readonly next: number }
  | { readonly state: 'failed'; readonly error: Error };
