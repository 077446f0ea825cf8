import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useMovexBoundResourceFromRid } from 'movex-react';
import { type Person, randomCode } from '../identity';
import movexConfig from '../movex.config';
import { useRoomResource } from '../useRoomResource';
import { Avatar } from './Avatar';
import { Loading } from './Loading';
import { People } from './People';

type Props = { me: Person; room: string };

export const ChatRoom = ({ me, room }: Props) => {
  const rid = useRoomResource('chat', room);
  return rid ? <Chat me={me} room={room} rid={rid} /> : <Loading />;
};

const clock = (at: number) =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

const Chat = ({ me, room, rid }: Props & { rid: `chat:${string}` }) => {
  const bound = useMovexBoundResourceFromRid(movexConfig, rid);
  const [text, setText] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const count = bound?.state.messages.length ?? 0;

  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [count]);

  if (!bound || !(me.id in bound.subscribers)) {
    return <Loading />;
  }

  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') {
      return;
    }
    const id = randomCode(8);
    // A function instead of an action: the time is the master's, so everybody
    // shows the same one whatever their own clock says.
    bound.dispatch((master) => ({
      type: 'write',
      payload: { id, from: me.id, name: me.name, text, at: master.requestAt() },
    }));
    setText('');
  };

  return (
    <div className="table">
      <section className="card chat" aria-label="Chat">
        {count === 0 && <p className="empty">Say hello. Everybody with the link reads it.</p>}
        <ol ref={list} data-testid="messages">
          {bound.state.messages.map((message, index, all) => {
            const goesOn = all[index - 1]?.from === message.from;
            const mine = message.from === me.id;
            return (
              <li key={message.id} className={`${mine ? 'mine' : ''} ${goesOn ? 'goes-on' : ''}`}>
                {!mine && !goesOn && <Avatar id={message.from} name={message.name} />}
                <div>
                  {!goesOn && (
                    <p className="meta">
                      {mine ? 'You' : message.name} <time>{clock(message.at)}</time>
                    </p>
                  )}
                  <p className="bubble">{message.text}</p>
                </div>
              </li>
            );
          })}
        </ol>
        <form onSubmit={send}>
          <input
            value={text}
            onChange={(event) => setText(event.target.value)}
            placeholder="Write a message"
            aria-label="Message"
            maxLength={500}
            autoComplete="off"
          />
          <button className="primary" disabled={text.trim() === ''}>
            Send
          </button>
        </form>
      </section>
      <People me={me} room={room} game="chat" subscribers={bound.subscribers} />
    </div>
  );
};
