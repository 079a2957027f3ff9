import java.nio.charset.StandardCharsets;
import java.util.HashMap;
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
 * (source, id) with it, in one transaction, and passes what is there already. Here a map takes the place of that table.
 * The same id with another datahash is a conflict: it is told, and nothing is overwritten.
 *
 * Needs rocketmq-client 5.x, Java 8 or newer.
 * Run: java TradeConsumer NAME_SERVERS TOPIC GROUP USER SECRET [TYPES]. TYPES are some types of events, as in
 * "pm.trade.executed.v1 || pm.file.posted.v1"; all without it. Each event is a line: its key, KEYS, JSON, with tabs between.
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
        consumer.subscribe(args[1], args.length > 5 ? args[5] : "*");
        // Orderly: one thread a queue, and a key is in one queue only.
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            try {
                for (MessageExt message : messages) {
                    take(message);
                }
                return ConsumeOrderlyStatus.SUCCESS;
            } catch (RuntimeException e) {
                // The queue waits and the same messages come again: nothing is passed, nothing is out of order.
                System.err.println("not booked, once more: " + e);
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
        });
        consumer.start();
    }

    private static synchronized void take(MessageExt message) {
        String event = message.getUserProperty("CE_source") + " " + message.getUserProperty("CE_id");
        String datahash = String.valueOf(message.getUserProperty("CE_datahash"));
        String before = BOOKED.putIfAbsent(event, datahash);
        if (before == null) {
            String json = new String(message.getBody(), StandardCharsets.UTF_8);
            System.out.println(message.getProperty("__SHARDINGKEY") + "\t" + message.getKeys() + "\t" + json);
        } else if (!before.equals(datahash)) {
            System.err.println("the same id with other data, not booked: " + event);
        }
    }
}
