import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Reads the events of fpp's RocketMQ outlet with the official client, each event once and each key in order.
 *
 * A queue promises at least once: a message may come again, with the same id. So whoever books an event books its
 * (source, id) with it, in one transaction, and passes what is there already. Here a file takes the place of your table,
 * BOOK: a line for each event, safe before its messages are acknowledged, so that nothing is booked twice after a restart.
 * The same id with another datahash is a conflict: it is told, and nothing is overwritten.
 *
 * Needs rocketmq-client 5.x, Java 8 or newer.
 * Run: java TradeConsumer NAME_SERVERS TOPIC GROUP USER SECRET BOOK [TYPES]. TYPES are some types of events, as in
 * "pm.trade.executed.v1 || pm.file.posted.v1"; all without it. Each event is told, too: its key, KEYS, JSON, with tabs between.
 */
public final class TradeConsumer {
    /** (source, id) of every event booked, and the digest of what it said. */
    private static final Map<String, String> BOOKED = new HashMap<>();

    public static void main(String[] args) throws Exception {
        AclClientRPCHook user = new AclClientRPCHook(new SessionCredentials(args[3], args[4]));
        DefaultMQPushConsumer consumer =
            new DefaultMQPushConsumer(args[2], user, new AllocateMessageQueueAveragely());
        consumer.setNamesrvAddr(args[0]);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(args[1], args.length > 6 ? args[6] : "*");
        RandomAccessFile book = open(args[5]);
        // Orderly: one thread a queue, and a key is in one queue only.
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            try {
                take(book, messages);
                return ConsumeOrderlyStatus.SUCCESS;
            } catch (IOException | RuntimeException e) {
                // The queue waits and the same messages come again: nothing is passed, nothing is out of order.
                System.err.println("not booked, once more: " + e);
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
        });
        consumer.start();
    }

    /** Queues have a thread each; the book is one. */
    private static synchronized void take(RandomAccessFile book, List<MessageExt> messages) throws IOException {
        Map<String, String> fresh = new HashMap<>();
        StringBuilder lines = new StringBuilder();
        StringBuilder told = new StringBuilder();
        for (MessageExt message : messages) {
            String event = message.getUserProperty("CE_source") + " " + message.getUserProperty("CE_id");
            String datahash = String.valueOf(message.getUserProperty("CE_datahash"));
            String before = BOOKED.containsKey(event) ? BOOKED.get(event) : fresh.putIfAbsent(event, datahash);
            if (before == null) {
                String json = new String(message.getBody(), StandardCharsets.UTF_8);
                lines.append(event).append('\t').append(datahash).append('\t').append(json).append('\n');
                String key = message.getProperty("__SHARDINGKEY");
                told.append(key).append('\t').append(message.getKeys()).append('\t').append(json).append('\n');
            } else if (!before.equals(datahash)) {
                System.err.println("the same id with other data, not booked: " + event);
            }
        }
        long whole = book.length();
        try {
            book.seek(whole);
            book.write(lines.toString().getBytes(StandardCharsets.UTF_8));
            book.getFD().sync();
        } catch (IOException e) {
            // Half of it is nothing: it comes again whole.
            book.setLength(whole);
            throw e;
        }
        BOOKED.putAll(fresh);
        System.out.print(told);
        System.out.flush();
    }

    /** The book as it was; a line that was cut off when this program was killed comes again. */
    private static RandomAccessFile open(String path) throws IOException {
        RandomAccessFile book = new RandomAccessFile(path, "rw");
        byte[] bytes = new byte[(int) book.length()];
        book.readFully(bytes);
        int whole = bytes.length;
        while (whole > 0 && bytes[whole - 1] != '\n') {
            whole--;
        }
        book.setLength(whole);
        for (String line : new String(bytes, 0, whole, StandardCharsets.UTF_8).split("\n")) {
            String[] parts = line.split("\t", 3);
            if (parts.length == 3) {
                BOOKED.put(parts[0], parts[1]);
            }
        }
        return book;
    }
}
