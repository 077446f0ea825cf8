import { hueOf } from '../identity';

type Props = { id: string; name: string; size?: 'small' | 'large' };

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join('')
    .slice(0, 2)
    .toUpperCase();

export const Avatar = ({ id, name, size = 'small' }: Props) => (
  <span
    className={`avatar ${size}`}
    style={{ '--hue': hueOf(id) } as React.CSSProperties}
    title={name}
    aria-hidden="true"
  >
    {initials(name)}
  </span>
);
