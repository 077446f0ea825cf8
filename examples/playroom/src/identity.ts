// Who this tab is. Two windows of one browser are two people, so nothing is
// kept in localStorage: `?player=` names the person, else the tab remembers
// one of its own.

export type Person = { id: string; name: string };

const ADJECTIVES = ['Amber', 'Brisk', 'Clever', 'Dapper', 'Gentle', 'Jolly', 'Lucky', 'Mellow', 'Nimble', 'Quiet', 'Sunny', 'Witty'];
const ANIMALS = ['Badger', 'Crane', 'Dolphin', 'Falcon', 'Fox', 'Heron', 'Lynx', 'Marten', 'Otter', 'Panda', 'Robin', 'Wren'];

const pick = (words: string[]) =>
  words[Math.floor(Math.random() * words.length)];

export const randomCode = (length: number) => {
  // No letters or digits that are read for one another.
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  return Array.from(crypto.getRandomValues(new Uint8Array(length)))
    .map((byte) => alphabet[byte % alphabet.length])
    .join('');
};

const titleCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export const identify = (): Person => {
  const named = new URLSearchParams(location.search).get('player');
  if (named) {
    return { id: named, name: titleCase(named) };
  }
  const kept = sessionStorage.getItem('person');
  if (kept) {
    return JSON.parse(kept) as Person;
  }
  const person = {
    id: `p-${randomCode(10)}`,
    name: `${pick(ADJECTIVES)} ${pick(ANIMALS)}`,
  };
  sessionStorage.setItem('person', JSON.stringify(person));
  return person;
};

/** A colour that is the same for a person in every window. */
export const hueOf = (id: string): number => {
  let hash = 7;
  for (const char of id) {
    hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  }
  return (hash * 47) % 360;
};
